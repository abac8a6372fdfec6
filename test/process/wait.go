package process

import (
	"context"
	"net"
	"testing"
	"time"
)

// Listens waits until a program listens that does not say so.
func (p *Process) Listens(addr string) {
	p.T.Helper()
	Until(p.T, p.name+" listens", func() bool {
		select {
		case <-p.done:
			p.T.Fatal(p.name + " has ended")
		default:
		}
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// Alone is an address of this machine whose ports nobody is given who asks for
// any: one that was given up stays free.
const Alone = "127.77.77.77"

// FreeAddr is an address that nobody listens on.
func FreeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", Alone+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Until waits for a condition that nobody tells of.
func Until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
