package process

import (
	"context"
	"net"
	"sync"
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

var (
	given   = make(map[string]bool)
	givenMu sync.Mutex
)

// FreeAddr is an address that nobody listens on, and that was not given before.
func FreeAddr(t *testing.T) string {
	t.Helper()
	givenMu.Lock()
	defer givenMu.Unlock()
	for {
		l, err := net.Listen("tcp", Alone+":0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		if addr := l.Addr().String(); !given[addr] {
			given[addr] = true
			return addr
		}
	}
}

// Until waits for a condition that nobody tells of.
func Until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	Within(t, Patience, what, condition)
}

// Within waits for a condition that is promised to come within a time, which it returns.
func Within(t *testing.T, promised time.Duration, what string, condition func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), promised)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain for %v: %s", promised, what)
		}
	}
	return time.Since(began)
}
