package conformance

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/conformance/target"
)

var bindRules = []rule{
	every("who.bound", "to its creator", testBound),
	every("who.bound", "to the first known", testBoundLater),
	every("who.bound", "as an unknown socket", testBoundAlike),
}

// strange is an origin that no socket here is bound to.
const strange = "https://strange.example"

func testBound(t *T) {
	tg := t.target(target.Options{})
	good := t.srv.GoodOrigin
	s := t.create(tg.URL).from(good).do().socket()
	c := tg.Accept()
	c.Text("secret")
	for _, steal := range []*ask{
		s.poll("a=0", "ttl=0"), s.poll(), s.form("t=t", "d=x"), s.raw("x", "t=t"), s.jsonp("t=t", "d=x"), s.form("a=0"), s.form("t=c"),
		s.poll("cb=f"), s.stream("x"), s.stream("x", a(0)), s.stream("e", a(0)), s.stream("e").with(lastEventID, "0"),
	} {
		steal.from(strange).do().fails(403, "no_socket")
	}
	s.poll("ttl=0").with("Referer", strange+"/page").do().fails(403, "no_socket")
	s.poll("ttl=0").from(strings.Replace(good, "://", "://www.", 1)).do().fails(403, "no_socket")
	// Its own origin, and an unknown one: a script element without a referrer.
	s.form("t=t", "d=own").from(good).do().is(201)
	s.form("t=t", "d=unknown").do().is(201)
	s.jsonp("t=t", "d=script").with("Sec-Fetch-Dest", "script").do().is(201)
	s.form("t=t", "d=null").with("Origin", "null").do().is(201)
	s.form("t=t", "d=referer").with("Referer", good+"/x").do().is(201)
	c.Saw("text own", "text unknown", "text script", "text null", "text referer")
	s.poll("a=0").from(good).do().has("text secret").at(1)
	for _, carrier := range carriers {
		s.stream(carrier, a(0)).from(good).open().at(1).has("text secret")
		s.stream(carrier, a(0)).open().at(1).has("text secret")
	}
}

func testBoundLater(t *T) {
	s, c := t.pair(target.Options{})
	good := t.srv.GoodOrigin
	s.form("t=t", "d=unbound").do().is(201)
	s.poll("ttl=0").with("Origin", "null").do().is(200)
	s.poll("ttl=0").with("Referer", good+"/page").do().is(200) // the first known one
	s.form("t=t", "d=x").from(strange).do().fails(403, "no_socket")
	s.poll("ttl=0").from(strange).do().fails(403, "no_socket")
	s.form("t=t", "d=own").from(good).do().is(201)
	s.form("t=t", "d=unknown").do().is(201)
	c.Saw("text unbound", "text own", "text unknown")
}

// testBoundAlike compares every part of an answer with that for a socket that does not exist.
func testBoundAlike(t *T) {
	tg := t.target(target.Options{})
	s := t.create(tg.URL).from(t.srv.GoodOrigin).do().socket()
	none := &socket{t: t, id: strings.Repeat("A", len(s.id)), host: s.host}
	for what, ask := range map[string]func(*socket) *ask{
		"a read":           func(s *socket) *ask { return s.poll("ttl=30000") },
		"an acking read":   func(s *socket) *ask { return s.poll("a=0", "ttl=0") },
		"a read beyond":    func(s *socket) *ask { return s.poll("a=9", "ttl=0") },
		"a malformed read": func(s *socket) *ask { return s.poll("ttl=x") },
		"a script's read":  func(s *socket) *ask { return s.poll("cb=f") },
		"a stream":         func(s *socket) *ask { return s.stream("x", a(0)) },
		"a wrong stream":   func(s *socket) *ask { return s.stream("x", "hb=x") },
		"events":           func(s *socket) *ask { return s.stream("e") },
		"events beyond":    func(s *socket) *ask { return s.stream("e").with(lastEventID, "9") },
		"a read of many":   func(s *socket) *ask { return s.many(sockets(s.after(0)), "ttl=30000") },
		"many beyond":      func(s *socket) *ask { return s.many(sockets(s.after(9)), "ttl=30000") },
		"many twice":       func(s *socket) *ask { return s.many(sockets(s.after(0), s.after(0))) },
		"a send":           func(s *socket) *ask { return s.form("t=t", "d=x") },
		"a numbered send":  func(s *socket) *ask { return s.form("t=t", "d=x", "n=999") },
		"a malformed send": func(s *socket) *ask { return s.form("t=t", "n=x") },
		"an invalid send":  func(s *socket) *ask { return s.raw("\xff", "t=t") },
		"a script's send":  func(s *socket) *ask { return s.jsonp("t=t", "d=x", "status=200") },
		"an ack":           func(s *socket) *ask { return s.form("a=9") },
		"another method":   func(s *socket) *ask { return t.request("PUT", s.path("s")).to(s.host) },
		"options":          func(s *socket) *ask { return t.request("OPTIONS", s.path("j")).to(s.host) },
	} {
		bound, unknown := ask(s).from(strange).do(), ask(none).from(strange).do()
		body := func(a *answer, s *socket) string { return strings.ReplaceAll(string(a.raw), s.id, "<id>") }
		head := func(a *answer) http.Header {
			h := a.header.Clone()
			h.Del("Date")
			return h
		}
		if bound.status != unknown.status || body(bound, s) != body(unknown, none) {
			t.Errorf("who.bound: %s of another origin:\n  %v\n  want as for an unknown socket:\n  %v", what, bound, unknown)
		}
		if diff := cmp.Diff(head(unknown), head(bound)); diff != "" {
			t.Errorf("who.bound: %s of another origin: headers (-unknown socket's +bound socket's):\n%s", what, diff)
		}
		if bound.took > unknown.took+5*time.Second {
			t.Errorf("who.bound: %s of another origin took %v, for an unknown socket %v", what, bound.took, unknown.took)
		}
	}
}
