package test

import (
	"context"
	"net"
	"testing"
	"time"
)

// ws starts targets/echo.mjs.
func ws(t *testing.T, args ...string) (p *process, url string) {
	t.Helper()
	p = start(t, "node", append([]string{"targets/echo.mjs"}, args...)...)
	return p, "ws://" + p.line("listening ")
}

// websocketd starts Debian's websocketd, which runs the command for each
// connection and has it read and write messages: of text, a line each.
func websocketd(t *testing.T, args ...string) (url string) {
	t.Helper()
	addr := freeAddr(t)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	start(t, "websocketd", append([]string{"--address=" + alone, "--port=" + port}, args...)...).listens(addr)
	return "ws://" + addr + "/"
}

// listens waits until a program listens that does not say so.
func (p *process) listens(addr string) {
	p.t.Helper()
	until(p.t, p.name+" listens", func() bool {
		select {
		case <-p.done:
			p.t.Fatal(p.name + " has ended")
		default:
		}
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// alone is an address of this machine whose ports nobody is given who asks for
// any: one that was given up stays free.
const alone = "127.77.77.77"

// freeAddr is an address that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", alone+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// until waits for a condition that nobody tells of.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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
