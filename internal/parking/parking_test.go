//go:build linux

package parking_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// One connection serves streams, polls and what is not parked, in turn.
func TestBack(t *testing.T) {
	for name, overTLS := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			h := open(t, overTLS)
			for round := range 3 {
				got := h.get(t, "/stream")
				g := h.guest(t)
				for _, piece := range []string{"a", "", strings.Repeat("b", 300)} {
					if g.Write(add(piece)) {
						wait(t, g.writable)
					}
				}
				g.Finish()
				wait(t, g.over)
				expect(t, got, "first a"+strings.Repeat("b", 300), round > 0)

				got = h.get(t, "/poll")
				g = h.guest(t)
				g.Respond(g.header, func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK); fmt.Fprint(w, "polled") })
				expect(t, got, "polled", true)
				wait(t, g.over)
				expect(t, h.get(t, "/other"), "/other"+fmt.Sprint(overTLS), true)
			}
			if overTLS { // the listener that gives connections back leaves HTTP/2 alone
				resp, err := h.Client().Get(h.URL + "/other")
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if resp.ProtoMajor != 2 {
					t.Errorf("by %s", resp.Proto)
				}
			}
		})
	}
}

// What a client sends ahead of its answer is answered after it, and a connection
// that is not to be kept is closed.
func TestPipelined(t *testing.T) {
	for _, overTLS := range []bool{false, true} {
		h := open(t, overTLS)
		conn := h.dial(t)
		in := bufio.NewReader(conn)
		fmt.Fprint(conn, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\nGET /poll HTTP/1.1\r\nHost: x\r\n\r\n"+strings.Repeat("GET /long HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 5000)+"\r\n\r\n", 3)+
			"GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		read := func(want string) {
			t.Helper()
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if body, err := io.ReadAll(resp.Body); err != nil || string(body) != want {
				t.Errorf("%q, %v; want %q", body, err, want)
			}
		}
		h.guest(t).Finish()
		read("first ")
		g := h.guest(t)
		g.Respond(g.header, func(w http.ResponseWriter) { fmt.Fprint(w, "polled") })
		read("polled")
		for range 3 {
			read("/long" + fmt.Sprint(overTLS))
		}
		h.guest(t).Finish()
		read("first ")
		if n, err := in.ReadByte(); err != io.EOF {
			t.Errorf("%d, %v; want the end", n, err)
		}
	}
}

// In HTTP/1.0 the end of the connection is the end of the body.
func TestHTTP10(t *testing.T) {
	h := open(t, false)
	for path, want := range map[string]string{"/stream": "first more", "/poll": "polled"} {
		conn := h.dial(t)
		fmt.Fprintf(conn, "GET %s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", path)
		g := h.guest(t)
		if path == "/poll" {
			g.Respond(g.header, func(w http.ResponseWriter) { fmt.Fprint(w, "polled") })
		} else {
			g.Write(add("more"))
			g.Finish()
		}
		got, err := io.ReadAll(conn)
		_, body, _ := strings.Cut(string(got), "\r\n\r\n")
		if err != nil || !strings.HasPrefix(string(got), "HTTP/1.0 200 OK\r\n") || strings.Contains(string(got), "chunked") || body != want {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// A body that nobody has read is not the next request.
func TestBody(t *testing.T) {
	h := open(t, false)
	for body, kept := range map[int]bool{100: true, 1 << 20: false} {
		conn := h.dial(t)
		hidden := "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
		go fmt.Fprintf(conn, "POST /poll HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s%s", body, hidden, strings.Repeat(" ", body-len(hidden)))
		g := h.guest(t)
		g.Respond(g.header, func(w http.ResponseWriter) { fmt.Fprint(w, "polled") })
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := io.ReadAll(resp.Body); string(got) != "polled" || resp.Close == kept {
			t.Errorf("%q, close %v", got, resp.Close)
		}
		if kept {
			fmt.Fprint(conn, "GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if resp, err = http.ReadResponse(in, nil); err != nil {
				t.Fatal(err)
			}
			if got, _ := io.ReadAll(resp.Body); string(got) != "/nextfalse" {
				t.Errorf("%q", got)
			}
		}
	}
}

// A hangup is noticed, by whoever waits and by whoever is between two requests.
func TestHangup(t *testing.T) {
	for _, overTLS := range []bool{false, true} {
		h := open(t, overTLS)
		for _, path := range []string{"/stream", "/poll"} {
			conn := h.dial(t)
			fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
			g := h.guest(t)
			_ = conn.Close()
			wait(t, g.over)
			g.Write(add("nobody hears this"))
			g.Finish()
			g.Cut()
		}
		conn := h.dial(t)
		fmt.Fprint(conn, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
		g := h.guest(t)
		g.Finish()
		wait(t, g.over)
		_ = conn.Close()
		g.Cut()
	}
}

// A client that takes nothing makes it full, and holds nobody up; it may be cut, or
// come back.
func TestFull(t *testing.T) {
	for _, overTLS := range []bool{false, true} {
		for _, cut := range []bool{false, true} {
			h := open(t, overTLS)
			conn := h.dial(t)
			fmt.Fprint(conn, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
			g := h.guest(t)
			piece, sent := strings.Repeat("0123456789", 100_000), 0
			for full := false; !full || sent < 20<<20; sent += len(piece) {
				full = g.Write(add(piece))
			}
			if !g.Full() {
				t.Fatal("20 MB are with the kernel")
			}
			g.Finish()
			if cut {
				g.Cut()
			} else {
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != int64(sent+len("first ")) {
					t.Errorf("%d bytes of %d: %v", n, sent, err)
				}
			}
			wait(t, g.over)
		}
	}
}

// What is parked, and what waits for its next request, takes no goroutine.
func TestGoroutines(t *testing.T) {
	const count = 50
	h := open(t, false)
	before := runtime.NumGoroutine() + 2 // the poller's, and the one that gives connections back
	var conns []net.Conn
	for range count {
		conn := h.dial(t)
		fmt.Fprint(conn, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
		conns = append(conns, conn)
	}
	guests := make([]*guest, count)
	for i := range guests {
		guests[i] = h.guest(t)
	}
	quiet(t, before)
	for i, g := range guests {
		g.Finish()
		wait(t, g.over)
		if _, err := io.ReadAll(io.LimitReader(conns[i], 10)); err != nil {
			t.Fatal(err)
		}
	}
	quiet(t, before)
}
