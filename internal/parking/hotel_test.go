//go:build linux

package parking_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
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
