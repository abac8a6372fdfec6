package chaos

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Faults compose, in any order, and all of them are there.
func TestChain(t *testing.T) {
	want := strings.Repeat("0123456789", 1000)
	handler := func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto+want) }
	for _, chain := range []Chain{
		{Slice(100), Delay(time.Microsecond), Hold{}, Stall{After: 1000, For: time.Millisecond}, RefuseUpgrade(403), HTTP10{}},
		{HTTP10{}, RefuseUpgrade(403), Stall{After: 1000, For: time.Millisecond}, Hold{}, Delay(time.Microsecond), Slice(100)},
		{Stall{After: 1000, For: time.Millisecond}, HTTP10{}},
		{Delay(time.Microsecond), HTTP10{}},
		{Slice(7), HTTP10{}},
	} {
		c := dial(t, before(t, serving(handler), chain...))
		c.gets("/", "HTTP/1.0"+want)
		c.gets("/", "HTTP/1.0"+want)
	}
	p := before(t, serving(handler), Slice(100), Hold{}, Cut{Down: 5000})
	c := dial(t, p)
	c.send("GET / HTTP/1.1\nHost: x\n\n")
	if got, err := io.ReadAll(c.r); len(got) > 0 {
		t.Errorf("a response that was cut before it was complete: %d bytes, %v", len(got), err)
	}
}

// Close ends what is under way, wherever it stands.
func TestClose(t *testing.T) {
	for _, chain := range []Chain{
		{}, {Stall{After: 1, For: time.Hour}}, {Delay(time.Hour)}, {Hold{}}, {HTTP10{}}, {HangUpgrade{}}, {Slice(1), Delay(time.Hour), Hold{}},
	} {
		server := serving(func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush() // the connection is what is looked at
			<-r.Context().Done()
		})
		p, err := Listen("127.0.0.1:0", server.Listener.Addr().String(), chain...)
		if err != nil {
			t.Fatal(err)
		}
		c := dial(t, p)
		c.send("GET / HTTP/1.1\nHost: x\n\n")
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		_, _ = io.Copy(io.Discard, c) // however it ends
		server.Close()
	}
}

// A server that is not there is a connection that breaks.
func TestNoServer(t *testing.T) {
	server := serving(nil)
	server.Close()
	for _, chain := range []Chain{{}, {Hold{}}, {HTTP10{}}, {Slice(1), Hold{}}} {
		c, err := net.Dial("tcp", before(t, server, chain...).Addr())
		if err != nil {
			continue // as soon as that
		}
		t.Cleanup(func() { c.Close() })
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") // it may be broken already
		if n, err := io.Copy(io.Discard, c); n > 0 {
			t.Errorf("%d bytes came, %v", n, err)
		}
	}
}
