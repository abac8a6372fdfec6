package router_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/router"
	"github.com/polysocket/polysocket/internal/wire"
)

func TestCreate(t *testing.T) {
	a := newRig(t).do(get("protocols=x"))
	if want := `{"ok":true,"polysocketd":"relay.example","socket":"socket-1","protocol":"x"}`; a.raw != want {
		t.Errorf("%s", a.raw)
	}
	a = newRig(t).do(get("cb=a.b"))
	if want := `/**/a.b({"ok":true,"polysocketd":"relay.example","socket":"socket-1","protocol":""});`; a.raw != want {
		t.Errorf("%s", a.raw)
	}
}

// A no of the policy comes before any relay is asked, and a bad parameter
// before the policy.
func TestOrderOfChecks(t *testing.T) {
	r := newRig(t)
	r.auth.err = wire.Errorf(wire.OriginDenied, "no")
	r.bus.nodesErr = errors.New("the bus is down")
	if r.do(get("nonce=short")).is(t, 400, wire.BadRequest, "nonce"); len(r.auth.asked) > 0 {
		t.Error("a bad create was authorised")
	}
	if r.do(get("nonce=0123456789abcdef")).is(t, 403, wire.OriginDenied, "no"); r.bus.listed > 0 {
		t.Error("the bus was asked about a create that was denied")
	}
	r.auth.err = nil
	r.do(get("nonce=0123456789abcdef")).is(t, 503, wire.NoRelay, "")
}

var outcomes = map[wire.ErrorCode]int{
	wire.TokenInvalid: 401, wire.TokenExpired: 401, wire.OriginDenied: 403, wire.TargetDenied: 403, wire.LimitReached: 429, wire.RateLimited: 429,
	wire.TargetUnreachable: 502, wire.TargetRefused: 502, wire.NoRelay: 503, wire.TargetTimeout: 504,
}

func TestOutcomes(t *testing.T) {
	for code, status := range outcomes {
		for _, policy := range []bool{false, true} {
			r := newRig(t)
			if policy {
				r.auth.err = wire.Errorf(code, "no <")
			} else {
				r.bus.open = func(context.Context, string) error { return wire.Errorf(code, "no <") }
			}
			a := r.do(get())
			a.is(t, status, code, "")
			if (status == 429 || status == 503) != (a.header.Get("Retry-After") != "") || (status == 401) != (a.header.Get("WWW-Authenticate") == "Bearer") {
				t.Errorf("%s: %v", code, a.header)
			}
			for _, request := range []*http.Request{get("cb=a.b"), post("cb=a.b", form, params().Encode())} {
				if a := r.do(request); a.cb != "a.b" {
					t.Errorf("%s: %s is no JSONP", code, a.raw)
				} else {
					a.is(t, http.StatusOK, code, "")
				}
			}
		}
	}
	for name, err := range map[string]error{"fault": errors.New("password x"), "cut": context.Canceled} {
		r := newRig(t)
		r.bus.open = func(context.Context, string) error { return err }
		if a := r.do(get()); a.status != 500 || strings.Contains(a.raw, "password") || a.OK == nil || *a.OK {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
}

// A bad parameter beside a good cb, too, has the status 200.
func TestJSONPStatus(t *testing.T) {
	for _, request := range []*http.Request{get("cb=f", "from"), get("cb=f", "target=x"), post("cb=f", "text/plain", "x"), post("", "application/json", `{"cb":"f"}`)} {
		a := newRig(t).do(request)
		a.is(t, http.StatusOK, wire.BadRequest, "")
		if a.cb != "f" {
			t.Errorf("%s is no JSONP", a.raw)
		}
	}
}

func TestMethods(t *testing.T) {
	for method, status := range map[string]int{"HEAD": 405, "PUT": 405, "DELETE": 405, "OPTIONS": 204} {
		r := newRig(t)
		request := get()
		request.Method = method
		a := r.do(request)
		if a.status != status || a.header.Get("Allow") != "OPTIONS, GET, POST" || r.bus.listed > 0 {
			t.Errorf("%s: %d %v", method, a.status, a.header)
		}
		want := "" // which is a preflight's to say
		if method == "OPTIONS" {
			want = "Authorization, Content-Type"
		}
		if got := a.header.Get("Access-Control-Allow-Headers"); got != want {
			t.Errorf("%s: %v", method, a.header)
		}
	}
	request := get()
	request.URL.Path = "/other"
	newRig(t).do(request).is(t, 404, wire.NotFound, "")
}

func TestCORS(t *testing.T) {
	for _, origin := range []string{"", "null", "https://page.example"} {
		r := newRig(t)
		request := get()
		preflight := get()
		preflight.Method = http.MethodOptions
		bad := get("from")
		for i, request := range []*http.Request{request, preflight, bad} {
			if origin != "" {
				request.Header.Set("Origin", origin)
			}
			want := origin
			if want == "" {
				want = "*"
			}
			if a := r.do(request); a.header.Get("Access-Control-Allow-Origin") != want || a.header.Get("Vary") != "Origin" {
				t.Errorf("Origin %q, request %d: %v", origin, i, a.header)
			}
		}
	}
}

// What the target is to see reaches the relay, and what the policy judges by
// reaches the policy.
func TestHandshake(t *testing.T) {
	for _, test := range []struct {
		name   string
		header map[string]string
		cb     bool
		caller endpoint.Caller
	}{
		{name: "a program"},
		{"a page", map[string]string{"Origin": "HTTPS://Page.example:443"}, false, endpoint.Caller{Browser: true, Origin: "https://page.example"}},
		{"a page's referrer", map[string]string{"Referer": "https://page.example/x?y"}, true, endpoint.Caller{Browser: true, Origin: "https://page.example"}},
		{"a page without one", map[string]string{"Origin": "null"}, false, endpoint.Caller{Browser: true}},
		{"a script element", nil, true, endpoint.Caller{Browser: true}},
	} {
		r := newRig(t)
		request := get("protocols=b,a")
		if test.cb {
			request = get("protocols=b,a", "cb=f")
		}
		request.Header.Set("User-Agent", "Mozilla/5.0 (x)")
		for name, value := range test.header {
			request.Header.Set(name, value)
		}
		r.do(request).socket(t)
		want := bus.OpenRequest{Target: target, Protocols: []string{"b", "a"}, Origin: test.caller.Origin, UserAgent: "Mozilla/5.0 (x)"}
		if diff := cmp.Diff([]bus.OpenRequest{want}, r.bus.requests); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.name, diff)
		}
		if got := r.auth.asked[0].Caller; got != test.caller {
			t.Errorf("%s: the policy saw %+v", test.name, got)
		}
	}
}

func TestDeclined(t *testing.T) {
	nodes := []bus.Node{{ID: "a", Host: "a"}, {ID: "b", Host: "b"}, {ID: "c", Host: "c"}}
	rig := func(open func(ctx context.Context, node string) error) *rig {
		r := newRig(t)
		r.bus.nodes, r.bus.open = nodes, open
		return r
	}
	// Those that decline are passed over.
	r := rig(func(_ context.Context, node string) error {
		if node != "b" {
			return bus.ErrDeclined
		}
		return nil
	})
	for range 20 { // and each is asked once, until it says something new
		a := r.do(get())
		if a.socket(t); a.Polysocketd != "b" {
			t.Errorf("%s", a.raw)
		}
	}
	asked := map[string]int{}
	for _, node := range r.bus.asked {
		asked[node]++
	}
	if asked["a"] != 1 || asked["b"] != 20 || asked["c"] != 1 {
		t.Errorf("asked %v", asked)
	}
	// Any other no is the answer, and counts for nothing.
	r = rig(func(context.Context, string) error { return wire.Errorf(wire.TargetRefused, "no") })
	r.bus.nodes = []bus.Node{{ID: "a", Capacity: 1}}
	for i := range 3 {
		if r.do(get()).is(t, 502, wire.TargetRefused, "no"); len(r.bus.asked) != i+1 {
			t.Errorf("%v were asked", r.bus.asked)
		}
	}
	// Nobody is left, or was there, or has room.
	r = rig(func(context.Context, string) error { return bus.ErrDeclined })
	if r.do(get()).is(t, 503, wire.NoRelay, ""); len(r.bus.asked) != len(nodes) {
		t.Errorf("%v were asked", r.bus.asked)
	}
	for _, nodes := range [][]bus.Node{nil, {{ID: "a", Draining: true}, {ID: "b", Capacity: 1, Load: 1}}} {
		r = rig(nil)
		r.bus.nodes = nodes
		a := r.do(get())
		if a.is(t, 503, wire.NoRelay, ""); a.header.Get("Retry-After") == "" || len(r.bus.asked) > 0 {
			t.Errorf("%v were asked: %v", r.bus.asked, a.header)
		}
	}
}

// What the router itself has opened counts, before the relay has reported it.
func TestOwn(t *testing.T) {
	r := newRig(t)
	r.bus.nodes = []bus.Node{{ID: "a", Capacity: 5, Load: 2}}
	for range 3 {
		r.do(get()).socket(t)
	}
	r.do(get()).is(t, 503, wire.NoRelay, "")
	if r.bus.opened != 3 {
		t.Errorf("%d were opened", r.bus.opened)
	}
}

// The nodes are listed some times a second, however many creates there are; and a
// bus that is down is asked each time.
func TestListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for range 50 {
			r.do(get()).socket(t)
			time.Sleep(10 * time.Millisecond)
		}
		if n := r.bus.listed; n < 4 || n > 6 {
			t.Errorf("listed %d times in half a second", n)
		}
		time.Sleep(100 * time.Millisecond)
		r.bus.nodesErr = errors.New("down")
		for range 3 {
			before := r.bus.listed
			if r.do(get()).is(t, 503, wire.NoRelay, ""); r.bus.listed != before+1 {
				t.Error("the bus was not asked")
			}
		}
		r.bus.nodesErr = nil
		r.do(get()).socket(t)
	})
}

func TestReady(t *testing.T) {
	r := newRig(t)
	if err := r.rt.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	r.bus.nodes = nil // a relay may come at any time
	if err := r.rt.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	r.bus.nodesErr = errors.New("dial 10.0.0.5:6379: refused")
	if err := r.rt.Ready(t.Context()); err == nil || strings.Contains(err.Error(), "10.0.0.5") {
		t.Error(err)
	}
}

func TestApply(t *testing.T) {
	r := newRig(t)
	r.bus.nodes = []bus.Node{{ID: "a", Host: "a", Zone: "a"}, {ID: "b", Host: "b", Zone: "b"}}
	for _, zone := range []string{"a", "b", "a"} {
		stricter := &fakeAuth{err: wire.Errorf(wire.OriginDenied, "no")}
		r.rt.Apply(router.Settings{Auth: stricter, Zone: zone})
		r.do(get()).is(t, 403, wire.OriginDenied, "no")
		r.rt.Apply(router.Settings{Auth: r.auth, Zone: zone})
		for range 10 {
			if a := r.do(get()); a.Polysocketd != zone {
				t.Errorf("of the zone %s: %s", zone, a.raw)
			}
		}
	}
}

func TestNames(t *testing.T) {
	node := func(host string, wildcard bool) *rig {
		r := newRig(t)
		r.bus.nodes = []bus.Node{{ID: "node", Host: host, Wildcard: wildcard}}
		return r
	}
	host := func(r *rig, request *http.Request) string {
		a := r.do(request)
		a.socket(t)
		// The name without its label stands beside it, and else nowhere.
		if label := strings.TrimSuffix(a.Polysocketd, a.Bare); (a.Bare != "") != (len(label) == 9) {
			t.Errorf("%s", a.raw)
		}
		return a.Polysocketd
	}
	http2 := get()
	http2.Proto, http2.ProtoMajor, http2.ProtoMinor = "HTTP/2.0", 2, 0
	http2.TLS = &tls.ConnectionState{}
	http10 := get()
	http10.Proto, http10.ProtoMinor, http10.Host = "HTTP/1.0", 0, ""
	http10 = http10.WithContext(context.WithValue(http10.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv6loopback, Port: 9000}))
	own := get()
	own.Host = "router.example:9000"

	if got := host(node("relay.example:9001", false), own); got != "relay.example:9001" {
		t.Errorf("no wildcard: %s", got)
	}
	if got := host(node("", false), own); got != "router.example:9000" {
		t.Errorf("no name: %s", got)
	}
	if got := host(node("", false), http10); got != "[::1]:9000" {
		t.Errorf("no name, no Host: %s", got)
	}
	r := node("relay.example:9001", true)
	seen := map[string]bool{}
	for range 50 {
		got := host(r, own)
		if !regexp.MustCompile(`^[a-z0-9]{8}\.relay\.example:9001$`).MatchString(got) || seen[got] {
			t.Errorf("wildcard: %s", got)
		}
		seen[got] = true
	}
	if got := host(r, http2); got != "relay.example:9001" {
		t.Errorf("wildcard over HTTP/2: %s", got)
	}
}

// The log holds nothing by which one could enter a socket or a target.
func TestLog(t *testing.T) {
	r := newRig(t)
	secret := []string{"token=token-secret", "target=wss://target.example/chat?key=query-secret"}
	r.do(get(secret...)).socket(t)
	r.do(post("", form, params(append(secret, "from="+strings.Repeat("f", 1000))...).Encode())).socket(t)
	r.auth.err = wire.Errorf(wire.TokenInvalid, "no")
	r.do(get(secret...)).is(t, 401, wire.TokenInvalid, "")
	r.do(get("token=token-secret", "target=wss://target.example/%zz?query-secret")).is(t, 400, wire.BadRequest, "target")
	r.do(get("token=token-secret", "target=wss://u:query-secret@target.example/")).is(t, 400, wire.BadRequest, "target")
	log := r.log.String()
	if !strings.Contains(log, "target.example/chat") || !strings.Contains(log, "socket opened") || !strings.Contains(log, "create refused") {
		t.Errorf("it says too little:\n%s", log)
	}
	for _, never := range []string{"token-secret", "query-secret", "socket-1", strings.Repeat("f", 100)} {
		if strings.Contains(log, never) {
			t.Errorf("it says %s:\n%s", never, log)
		}
	}
}
