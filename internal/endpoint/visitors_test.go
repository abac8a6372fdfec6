package endpoint

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
)

// tell asks with a request from a peer, and maybe for another.
func tell(h http.Handler, peer, forwarded string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	var header http.Header
	if forwarded != "" {
		header = http.Header{"X-Forwarded-For": {forwarded}}
	}
	h.ServeHTTP(w, requestFrom(peer, header))
	return w
}

// Requests under way are bounded by address, those that their handler has left among
// them; others are not concerned, and behind a proxy its clients are told apart.
func TestRequestsOfOneAddress(t *testing.T) {
	var v Visitors
	v.Apply(Bounds{Requests: 2, Proxies: proxies})
	var releases []func()
	keep := v.Counted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		releases = append(releases, Keep(r))
	}))
	at, proxy := "192.0.2.1:5", "10.0.0.1:80"
	for _, c := range []struct {
		peer, forwarded string
		code            int
	}{
		{at, "", 200}, {"192.0.2.1:6", "", 200}, {at, "", 429}, {"192.0.2.2:5", "", 200},
		{at, "192.0.2.9", 429}, // who is no proxy can say what it likes
		{proxy, "198.51.100.1", 200}, {proxy, "198.51.100.1", 200}, {proxy, "198.51.100.1", 429}, {proxy, "198.51.100.2", 200},
		{proxy, "203.0.113.5, 198.51.100.1", 429},
		{"[2001:db8::1]:1", "", 200}, {"[2001:db8::2]:1", "", 200}, {"[2001:db8::3]:1", "", 429}, {"[2001:db8:0:1::3]:1", "", 200},
	} {
		w := tell(keep, c.peer, c.forwarded)
		if w.Code != c.code {
			t.Errorf("%s for %q: %d, want %d", c.peer, c.forwarded, w.Code, c.code)
		}
		if c.code == 429 && w.Header().Get("Retry-After") == "" {
			t.Error("a refusal does not say when to come again")
		}
	}
	releases[0]()
	releases[0]()
	if w := tell(keep, at, ""); w.Code != 200 {
		t.Errorf("after one was over: %d", w.Code)
	}
	if w := tell(keep, at, ""); w.Code != 429 {
		t.Errorf("one was counted out twice: %d", w.Code)
	}
	for _, release := range releases {
		release()
	}
	if len(v.visitor) != 0 {
		t.Errorf("%d addresses are remembered", len(v.visitor))
	}
	ends := v.Counted(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for range 5 {
		if w := tell(ends, at, ""); w.Code != 200 || len(v.visitor) != 0 {
			t.Errorf("requests that end: %d, and %d addresses are remembered", w.Code, len(v.visitor))
		}
	}
	Keep(requestFrom(at, nil))() // one that is not counted
}

// A handler that panics, as to break off a response, is counted out.
func TestAbandonedRequestsAreCountedOut(t *testing.T) {
	var v Visitors
	v.Apply(Bounds{Requests: 1})
	h := v.Counted(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { Abandon() }))
	func() {
		defer func() { _ = recover() }()
		tell(h, "192.0.2.1:5", "")
	}()
	if len(v.visitor) != 0 {
		t.Error("it is counted still")
	}
}

// end is a connection from an address.
type end struct {
	net.Conn
	addr   string
	closed *bool
}

func (e end) RemoteAddr() net.Addr {
	ap, _ := netip.ParseAddrPort(e.addr)
	return net.TCPAddrFromAddrPort(ap)
}
func (e end) Close() error { *e.closed = true; return nil }

// Connections are bounded by address. One that a handler has taken over counts until it
// is closed, and once only, though it comes back to the server.
func TestConnectionsOfOneAddress(t *testing.T) {
	var v Visitors
	v.Apply(Bounds{Connections: 2, Proxies: proxies})
	arrives := func(addr string) bool {
		closed := false
		v.ConnState(end{addr: addr, closed: &closed}, http.StateNew)
		return !closed
	}
	goes := func(addr string) {
		var closed bool
		v.ConnState(end{addr: addr, closed: &closed}, http.StateClosed)
	}
	if !arrives("192.0.2.1:1") || !arrives("192.0.2.1:2") {
		t.Error("one of two was refused")
	}
	if arrives("192.0.2.1:3") {
		t.Error("a third was not refused")
	}
	goes("192.0.2.1:3") // the server's word on the one that was refused
	if !arrives("192.0.2.1:1") {
		t.Error("one that comes back was refused")
	}
	if arrives("192.0.2.1:3") || !arrives("192.0.2.2:1") {
		t.Error("a refused one was counted out, or others are concerned")
	}
	for _, addr := range []string{"10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3"} {
		if !arrives(addr) {
			t.Error("a proxy was refused")
		}
		goes(addr)
	}
	v.Closed(end{addr: "192.0.2.1:1"})
	if !arrives("192.0.2.1:3") {
		t.Error("one that was closed is counted still")
	}
	goes("192.0.2.1:2")
	goes("192.0.2.1:3")
	goes("192.0.2.2:1")
	if len(v.conns)+len(v.visitor) != 0 {
		t.Errorf("%v, %v are remembered", v.conns, v.visitor)
	}
}

// Whoever comes and goes at once, all are counted out.
func TestVisitorsCrowd(t *testing.T) {
	var v Visitors
	v.Apply(Bounds{Requests: 3, Connections: 3})
	h := v.Counted(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if len(r.RemoteAddr)%2 == 0 {
			defer Keep(r)()
		}
	}))
	var all sync.WaitGroup
	for _, addr := range []string{"192.0.2.1:1", "192.0.2.1:10", "192.0.2.2:1"} {
		for range 4 {
			all.Go(func() {
				for range 200 {
					tell(h, addr, "")
				}
			})
		}
	}
	all.Wait()
	if len(v.visitor) != 0 {
		t.Errorf("%v are remembered", v.visitor)
	}
}
