//go:build linux

package poller_test

import (
	"net"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/polysocket/polysocket/internal/poller"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

func start(t *testing.T) *poller.Poller {
	p, err := poller.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// pair is a connection, and its other end.
func pair(t *testing.T) (near, far *net.TCPConn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a.(*net.TCPConn), b.(*net.TCPConn)
}

// watch gives what is told of a connection.
func watch(t *testing.T, p *poller.Poller, c net.Conn) (*poller.Watch, <-chan poller.Event) {
	told := make(chan poller.Event, 100)
	w, err := p.Watch(c, func(e poller.Event) { told <- e })
	if err != nil {
		t.Fatal(err)
	}
	return w, told
}

func arm(t *testing.T, w *poller.Watch, e poller.Event) {
	t.Helper()
	if err := w.Arm(e); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, told <-chan poller.Event, want poller.Event) {
	t.Helper()
	select {
	case got := <-told:
		if got != want {
			t.Fatalf("event %b, want %b", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("event %b did not come", want)
	}
}

func TestEvents(t *testing.T) {
	p := start(t)
	near, far := pair(t)
	w, told := watch(t, p, near)
	if _, err := far.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	arm(t, w, poller.Hangup) // which has not happened: what can be read is no concern of it
	arm(t, w, poller.Readable)
	expect(t, told, poller.Readable) // once
	arm(t, w, poller.Hangup)
	if err := far.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	expect(t, told, poller.Hangup)
	arm(t, w, poller.Readable) // also where it has happened
	expect(t, told, poller.Readable|poller.Hangup)
	w.End()
	if len(told) != 0 {
		t.Errorf("told of %b besides", <-told)
	}
}

// An end is the end, also where another connection gets the file descriptor.
func TestEnd(t *testing.T) {
	p := start(t)
	near, _ := pair(t)
	w, told := watch(t, p, near)
	arm(t, w, poller.Hangup)
	w.End()
	_ = near.Close()
	for range 10 {
		next, far := pair(t)
		w, others := watch(t, p, next)
		arm(t, w, poller.Readable)
		if _, err := far.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		expect(t, others, poller.Readable)
		w.End()
	}
	if len(told) != 0 {
		t.Errorf("told of %b after the end", <-told)
	}
	if err := w.Arm(poller.Hangup); err == nil {
		t.Error("a closed connection can be watched")
	}
}

func TestUnsupported(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if _, err := start(t).Watch(a, nil); err == nil {
		t.Error("a pipe has no file descriptor")
	}
}

// Watching takes no goroutine and no thread.
func TestGoroutines(t *testing.T) {
	p := start(t)
	type end struct {
		far  *net.TCPConn
		told <-chan poller.Event
	}
	var ends []end
	before := runtime.NumGoroutine()
	for range 100 {
		near, far := pair(t)
		w, told := watch(t, p, near)
		arm(t, w, poller.Hangup)
		ends = append(ends, end{far, told})
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, and %d before", after, before)
	}
	for _, e := range ends {
		_ = e.far.Close()
		expect(t, e.told, poller.Hangup)
	}
}
