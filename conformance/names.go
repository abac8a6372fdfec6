package conformance

import (
	"strings"

	"github.com/polysocket/polysocket/conformance/target"
)

var nameRules = []rule{
	on("names.wildcard", "labels", testLabels, wildcard),
	every("names.bare", "one name", testBareName),
}

func testLabels(t *T) {
	tg := t.target(target.Options{})
	seen := map[string]bool{}
	for range 10 {
		s := t.open(tg.URL)
		c := tg.Accept()
		label, bare, _ := strings.Cut(s.host, ".")
		if seen[label] || label == "" || len(label) > 63 || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("names.wildcard: polysocketd %q after %v: want a fresh label", s.host, seen)
		}
		seen[label] = true
		s.form("t=t", "d=own").do().is(201)
		s.form("t=t", "d=other").to("other-label." + bare).do().is(201)
		s.form("t=t", "d=bare").to(bare).do().is(201)
		c.Saw("text own", "text other", "text bare")
		s.poll("ttl=0").to("x1." + bare).do().has("heartbeat")
		s.poll("ttl=0").claiming("evil"+bare).do().fails(421, "misdirected")
	}
}

func testBareName(t *T) {
	if t.srv.Wildcard && !t.srv.http2() {
		t.Skip("the server has a wildcard name, and this is not HTTP/2")
	}
	tg := t.target(target.Options{})
	s := t.open(tg.URL)
	s.form("t=t", "d=x").do().is(201)
	tg.Accept().Saw("text x")
	for range 3 {
		if again := t.open(tg.URL); again.host != s.host {
			t.Errorf("names.bare: polysocketd %q, then %q; want the bare name each time", s.host, again.host)
		}
	}
	if t.srv.Addr == "" && t.base.Port() != "" && !strings.HasSuffix(s.host, ":"+t.base.Port()) {
		t.Errorf("create.answer: polysocketd %q; want a port where it is not the scheme's own", s.host)
	}
}
