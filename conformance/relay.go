package conformance

import (
	"strings"

	"github.com/polysocket/polysocket/conformance/target"
)

var relayRules = []rule{
	every("relay.alive", "its own", testAlive),
	on("relay.alive", "a fresh label", testAliveLabel, wildcard),
	every("relay.host", "required", testRelayHost),
	every("relay.cb", "JSONP", testRelayCallback),
}

func (a *answer) alive(want bool) {
	a.t.Helper()
	if a.is(200); a.body.OK == nil || !*a.body.OK || a.body.Alive == nil || *a.body.Alive != want {
		a.t.Errorf("%v\n  want: ok, alive %v", a, want)
	}
}

func testAlive(t *T) {
	s, _ := t.pair(target.Options{})
	t.get("/relay", "host="+s.host).do().alive(true)
	for _, other := range []string{"other.example", "x", "evil" + t.base.Host, t.base.Host + ".evil.example", "192.0.2.1:1", "?", "a b"} {
		t.get("/relay", "host="+other).do().alive(false)
	}
}

func testAliveLabel(t *T) {
	s, _ := t.pair(target.Options{})
	_, bare, _ := strings.Cut(s.host, ".")
	if t.srv.http2() {
		bare = s.host
	}
	t.get("/relay", "host=another-label."+bare).do().alive(true)
	t.get("/relay", "host="+bare).do().alive(true)
}

func testRelayHost(t *T) {
	t.get("/relay").do().fails(400, "bad_request").names("host")
	t.get("/relay", "hosts=x").do().fails(400, "bad_request").names("host")
}

func testRelayCallback(t *T) {
	s, _ := t.pair(target.Options{})
	a := t.get("/relay", "host="+s.host, "cb=poly.f").do()
	if a.alive(true); a.cb != "poly.f" {
		t.Errorf("%v\n  want: JSONP", a)
	}
	if a := t.get("/relay", "cb=f").do().fails(400, "bad_request"); a.cb != "f" {
		t.Errorf("%v\n  want: JSONP with its true status", a)
	}
	if a := t.get("/relay", "host=x", "cb=").do().fails(400, "bad_request"); a.cb != "" {
		t.Errorf("%v\n  want: JSON", a)
	}
}
