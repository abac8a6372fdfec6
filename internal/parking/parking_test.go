//go:build linux

package parking_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/polysocket/polysocket/internal/parking"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// A guest is a parked connection, and what it tells.
type guest struct {
	*parking.Conn
	header   http.Header
	writable chan struct{}
	over     chan struct{}
}

func (g *guest) Writable() { g.writable <- struct{}{} }
func (g *guest) Over()     { close(g.over) }

// A hotel is a server that parks what asks for /stream, after the header, and for
// /poll, before it; else it answers with the path.
type hotel struct {
	*httptest.Server
	lot    *parking.Lot
	guests chan *guest
	http1  *http.Client // speaks HTTP/1.1 only
}

func open(t *testing.T, overTLS bool, wrap ...func(net.Conn) net.Conn) *hotel {
	h := &hotel{lot: parking.NewLot(), guests: make(chan *guest, 1000)}
	h.Server = httptest.NewUnstartedServer(h)
	for _, w := range wrap {
		h.Listener = wrapping{h.Listener, w}
	}
	h.EnableHTTP2 = overTLS
	if overTLS {
		h.StartTLS()
	} else {
		h.Start()
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}}
	h.http1 = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		h.lot.Close()
		h.Close()
	})
	return h
}

func (h *hotel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/stream":
		_, _ = io.WriteString(w, "first ")
		_ = http.NewResponseController(w).Flush()
	case "/poll":
	default:
		fmt.Fprint(w, r.URL.Path, r.TLS != nil)
		return
	}
	c, ok := h.lot.Park(w, r)
	if !ok {
		fmt.Fprint(w, "not parked")
		return
	}
	g := &guest{Conn: c, header: w.Header(), writable: make(chan struct{}, 100), over: make(chan struct{})}
	c.Start(g)
	h.guests <- g
}

func (h *hotel) guest(t *testing.T) *guest { return wait(t, h.guests) }

func wait[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

func add(s string) func([]byte) []byte {
	return func(p []byte) []byte { return append(p, s...) }
}

// An answer is what a request brought.
type answer struct {
	body, proto string
	reused      bool
	err         error
}

func (h *hotel) get(t *testing.T, path string) <-chan answer {
	got := make(chan answer, 1)
	var a answer
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { a.reused = i.Reused }})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer func() { got <- a }()
		var resp *http.Response
		if resp, a.err = h.http1.Do(req); a.err != nil {
			return
		}
		defer resp.Body.Close()
		var body []byte
		body, a.err = io.ReadAll(resp.Body)
		a.body, a.proto = string(body), resp.Proto
	}()
	return got
}

func expect(t *testing.T, got <-chan answer, body string, reused bool) {
	t.Helper()
	if a := wait(t, got); a.err != nil || a.body != body || a.reused != reused || a.proto != "HTTP/1.1" {
		t.Errorf("%.100q by %s, reused %v: %v; want %q, reused %v", a.body, a.proto, a.reused, a.err, body, reused)
	}
}

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

func (h *hotel) dial(t *testing.T) net.Conn {
	t.Helper()
	var conn net.Conn
	conn, err := net.Dial("tcp", h.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if h.TLS != nil {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
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

// quiet waits until there are no more goroutines than before.
func quiet(t *testing.T, before int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, and %d before", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
}

// HTTP/2, and a ResponseWriter that somebody has wrapped, cannot be parked.
func TestNotParked(t *testing.T) {
	h := open(t, true)
	resp, err := h.Client().Get(h.URL + "/poll")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.ProtoMajor != 2 || string(body) != "not parked" {
		t.Errorf("%q by %s, %v", body, resp.Proto, err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/poll", nil))
	if w.Body.String() != "not parked" {
		t.Errorf("%q", w.Body)
	}
}

// A server that shuts down waits for nobody who is parked or waits here.
func TestShutdown(t *testing.T) {
	h := open(t, false)
	got := h.get(t, "/stream")
	h.guest(t).Finish()
	expect(t, got, "first ", false)
	expect(t, h.get(t, "/stream-not"), "/stream-notfalse", true) // it has been back
	got = h.get(t, "/stream")
	g := h.guest(t)
	if err := h.Config.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	g.Write(add("still"))
	g.Finish()
	expect(t, got, "first still", true)
}

// A lot that closes lets answers go out, and closes what waits.
func TestClose(t *testing.T) {
	h := open(t, false)
	idle := h.dial(t)
	fmt.Fprint(idle, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
	g := h.guest(t)
	g.Finish()
	wait(t, g.over)

	slow := h.dial(t)
	fmt.Fprint(slow, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
	g = h.guest(t)
	const size = 10 << 20
	g.Write(add(strings.Repeat("x", size)))
	g.Finish()
	closed := make(chan struct{})
	go func() { h.lot.Close(); close(closed) }()
	if all, err := io.ReadAll(idle); err != nil || !strings.HasSuffix(string(all), "0\r\n\r\n") {
		t.Errorf("%q, %v", all, err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(slow), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != size+6 {
		t.Errorf("%d bytes, %v", n, err)
	}
	wait(t, closed)
	if a := wait(t, h.get(t, "/poll")); a.body != "not parked" {
		t.Errorf("%+v", a)
	}
	h.lot = parking.NewLot() // for the end
}

// A wrapper is a connection of somebody's own: what is read and written passes it.
type wrapper struct {
	*net.TCPConn
	written *atomic.Int64
}

func (w wrapper) Write(p []byte) (int, error) {
	w.written.Add(int64(len(p)))
	return w.TCPConn.Write(p)
}

// A hidden one shows nothing of what is below.
type hidden struct{ net.Conn }

type wrapping struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (l wrapping) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		conn = l.wrap(conn)
	}
	return conn, err
}

// A program may have wrapped its connections: all is written through the wrapper, a
// hangup is noticed, and between two requests there is as much time as anywhere.
func TestWrapped(t *testing.T) {
	for name, overTLS := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			var written atomic.Int64
			for _, counts := range []bool{true, false} {
				wrap := func(c net.Conn) net.Conn {
					if counts {
						return wrapper{c.(*net.TCPConn), &written}
					}
					return hidden{c}
				}
				h := open(t, overTLS, wrap)
				conn := h.dial(t)
				in := bufio.NewReader(conn)
				for range 3 {
					fmt.Fprint(conn, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
					g := h.guest(t)
					written.Store(0)
					g.Write(add("more"))
					g.Finish()
					resp, err := http.ReadResponse(in, nil)
					if err != nil {
						t.Fatal(err)
					}
					if got, err := io.ReadAll(resp.Body); err != nil || string(got) != "first more" {
						t.Errorf("%q, %v", got, err)
					}
					wait(t, g.over)
					if n := int(written.Load()); counts && n < len("4\r\nmore\r\n0\r\n\r\n") {
						t.Errorf("%d bytes passed the wrapper", n)
					}
				}
				fmt.Fprint(conn, "GET /poll HTTP/1.1\r\nHost: x\r\n\r\n")
				g := h.guest(t)
				_ = conn.Close()
				wait(t, g.over)
			}
		})
	}
}
