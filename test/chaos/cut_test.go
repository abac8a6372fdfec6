package chaos

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// A connection is cut at the very byte, both ways.
func TestCutAtByte(t *testing.T) {
	for _, reset := range []bool{false, true} {
		virtually(t, Cut{Down: 5, Reset: reset}, func(t *testing.T, client, server Conn) {
			put(t, server, "1234")
			if got := piece(t, client); got != "1234" {
				t.Errorf("got %q", got)
			}
			go func() { _, _ = io.WriteString(server, "56789") }()
			if got := piece(t, client); got != "5" {
				t.Errorf("got %q after it", got)
			}
			want := io.EOF
			if reset {
				want = syscall.ECONNRESET
			}
			if n, err := client.Read(make([]byte, 10)); n != 0 || !errors.Is(err, want) {
				t.Errorf("then %d bytes and %v, want %v", n, err, want)
			}
		})
		virtually(t, Cut{Up: 3, Reset: reset}, func(t *testing.T, client, server Conn) {
			go func() { _, _ = io.WriteString(client, "12345") }()
			if got := piece(t, server); got != "123" {
				t.Errorf("got %q", got)
			}
			if n, err := server.Read(make([]byte, 10)); n != 0 || err == nil {
				t.Errorf("then %d bytes and %v", n, err)
			}
		})
	}
}

// On the network too, and another connection is cut anew.
func TestCutResponse(t *testing.T) {
	const size = 100_000
	var count atomic.Int64
	p := before(t, serving(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", size))
	}), Cut{Down: 50_000, Count: &count})
	for range 2 {
		c := dial(t, p)
		c.send("GET / HTTP/1.1\nHost: x\n\n")
		got, err := io.ReadAll(c.r)
		if err != nil || len(got) != 50_000 {
			t.Errorf("%d bytes and %v", len(got), err)
		}
	}
	if n := count.Load(); n != 2 {
		t.Errorf("%d cuts were counted", n)
	}
}

// A reset is one for the client, and the request is known to be cut by the server.
func TestCutRequest(t *testing.T) {
	cut := make(chan error, 1)
	p := before(t, serving(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		cut <- err
	}), Cut{Up: 1000, Reset: true})
	c := dial(t, p)
	c.send("POST / HTTP/1.1\nHost: x\nContent-Length: 2000\n\n" + strings.Repeat("x", 2000))
	if n, err := c.Read(make([]byte, 10)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client got %d bytes and %v", n, err)
	}
	if err := <-cut; err == nil {
		t.Error("the server has all of the request")
	}
}
