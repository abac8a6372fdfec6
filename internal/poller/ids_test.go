//go:build linux

package poller

import (
	"net"
	"testing"
	"time"
)

// Every bit of an id comes back from the kernel: a relay watches thousands of
// connections a second, for months.
func TestIDs(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	far.Close()
	for _, last := range []int64{0, 1<<31 - 1, 1<<32 - 1, 1<<40 + 1<<31} {
		p.mu.Lock()
		p.last = last
		p.mu.Unlock()
		told := make(chan Event, 1)
		w, err := p.Watch(conn, func(e Event) { told <- e })
		if err == nil {
			err = w.Arm(Hangup)
		}
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-told:
		case <-time.After(5 * time.Second):
			t.Errorf("nothing is told of watch %d", w.id)
		}
		w.End()
	}
}
