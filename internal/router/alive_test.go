package router_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/wire"
)

func askAlive(query string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/relay?"+query, nil)
	r.Host = "router.example:9000"
	return r
}

func TestAlive(t *testing.T) {
	r := newRig(t)
	r.bus.nodes = []bus.Node{{ID: "a", Host: "a.example"}, {ID: "b", Host: "b.example:9001", Wildcard: true}}
	for host, want := range map[string]bool{
		"a.example": true, "A.Example": true, "b.example:9001": true, "k3j7q.b.example:9001": true, "x.y.b.example:9001": true,
		"k3j7q.a.example": false, "a.example:80": false, "b.example": false, "evilb.example:9001": false, "b.example:9001.evil.example": false,
		"c.example": false, ".": false, "router.example:9000": false,
	} {
		a := r.do(askAlive("host=" + host))
		if a.status != 200 || a.Alive == nil || *a.Alive != want || a.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %s", host, a.status, a.raw)
		}
	}
}

// Whatever /create hands out is alive.
func TestAliveHandedOut(t *testing.T) {
	for _, n := range []bus.Node{{ID: "a", Host: "Relay.example"}, {ID: "b", Host: "relay.example:9001", Wildcard: true}, {ID: "c"}} {
		for _, host := range []string{"router.example:9000", "Router.Example", ""} { // "" in HTTP/1.0
			r := newRig(t)
			r.bus.nodes = []bus.Node{n}
			here := func(request *http.Request) *http.Request {
				request.Host = host
				return request.WithContext(context.WithValue(request.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9000}))
			}
			out := r.do(here(get())).Polysocketd
			if a := r.do(here(askAlive("host=" + out))); a.Alive == nil || !*a.Alive {
				t.Errorf("%s of %+v, Host %q: %s", out, n, host, a.raw)
			}
		}
	}
}

func TestAliveBad(t *testing.T) {
	r := newRig(t)
	for query, name := range map[string]string{"": "host", "host=": "host", "host=a&host=a": "host", "host=%": "host", "host=a&cb=": "cb", "host=a&cb=a-b": "cb"} {
		r.do(askAlive(query)).is(t, 400, wire.BadRequest, name)
	}
	// With cb it has its true status.
	if a := r.do(askAlive("cb=f")); a.cb != "f" {
		t.Errorf("%s is no JSONP", a.raw)
	} else {
		a.is(t, 400, wire.BadRequest, "host")
	}
	if a := r.do(askAlive("cb=f&host=relay.example")); a.raw != `/**/f({"ok":true,"alive":true});` {
		t.Error(a.raw)
	}
	post := askAlive("host=relay.example")
	post.Method = http.MethodPost
	if a := r.do(post); a.status != 405 || a.header.Get("Allow") != "OPTIONS, GET" {
		t.Errorf("%d %v", a.status, a.header)
	}
	r.bus.nodesErr = errors.New("down")
	r.do(askAlive("host=relay.example")).is(t, 503, wire.NoRelay, "")
}
