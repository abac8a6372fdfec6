package conformance

import (
	"strings"

	"github.com/polysocket/polysocket/conformance/target"
)

var corsRules = []rule{
	every("who.cors-relay", "the socket's origin", testCORSRelay),
	every("who.cors-relay", "no socket", testCORSNoSocket),
	every("who.cors-create", "every answer", testCORSCreate),
	every("who.credentials", "none", testNoCredentials),
	every("who.options", "204", testOptions),
}

const allowOrigin = "Access-Control-Allow-Origin"

// lists says whether a header that is a list has the word.
func (a *answer) lists(header, word string) bool {
	for _, line := range a.header.Values(header) {
		for w := range strings.SplitSeq(line, ",") {
			if w = strings.TrimSpace(w); strings.EqualFold(w, word) {
				return true
			}
		}
	}
	return false
}

func (a *answer) corsOfSocket(origin string) {
	a.t.Helper()
	if got := a.header.Values(allowOrigin); len(got) != 1 || got[0] != origin {
		a.t.Errorf("%v\n  %s: %q, want %q", a, allowOrigin, got, origin)
	}
	if !a.lists("Vary", "Origin") {
		a.t.Errorf("%v\n  Vary: %q, want Origin", a, a.header.Values("Vary"))
	}
	if !a.lists("Access-Control-Expose-Headers", "Polysocket-Seq") {
		a.t.Errorf("%v\n  Access-Control-Expose-Headers: %q, want Polysocket-Seq", a, a.header.Values("Access-Control-Expose-Headers"))
	}
}

func testCORSRelay(t *T) {
	tg := t.target(target.Options{})
	good := t.srv.GoodOrigin
	s := t.create(tg.URL).from(good).do().socket()
	c := tg.Accept()
	s.form("t=t", "d=x").from(good).do().is(201).corsOfSocket(good)
	s.form("t=t").from(good).do().is(400).corsOfSocket(good)
	s.form("t=t", "d=x", "n=999").from(good).do().is(409).corsOfSocket(good)
	s.poll("ttl=0").from(good).do().is(200).corsOfSocket(good)
	s.poll("ttl=0", "a=9").from(good).do().is(400).corsOfSocket(good)
	s.poll("ttl=0", "cb=f").with("Referer", good+"/").do().is(200).corsOfSocket(good)
	for _, carrier := range carriers {
		st := s.stream(carrier, a(0)).from(good).open()
		(&answer{t: t, ask: st.ask, header: st.header, status: 200}).corsOfSocket(good)
		s.stream(carrier, a(9)).from(good).do().is(400).corsOfSocket(good)
	}
	s.many(sockets(s.after(0)), "ttl=0").from(good).do().is(200).corsOfSocket(good)
	// A caller of unknown origin is told the socket's, not its own and not *.
	for _, origin := range []string{"null", ""} {
		a := s.poll("ttl=0")
		if origin != "" {
			a.with("Origin", origin)
		}
		if got := a.do().is(200).header.Get(allowOrigin); got != good && got != "" {
			t.Errorf("%v\n  %s: %q, want %q", a, allowOrigin, got, good)
		}
	}
	// Nor does an answer that says only what may be asked.
	for _, method := range []string{"PUT", "HEAD", "OPTIONS"} {
		t.request(method, s.path("j")).to(s.host).from(good).do().corsOfSocket(good)
		t.request(method, s.path("x")).to(s.host).from(good).do().corsOfSocket(good)
		t.request(method, s.path("e")).to(s.host).from(good).do().corsOfSocket(good)
	}
	// What a socket that is not bound says to an unknown origin the page leaves open; the first known one binds it.
	u := t.open(tg.URL)
	u.poll("ttl=0").with("Origin", "null").do().is(200)
	u.poll("ttl=0").from(good).do().is(200).corsOfSocket(good)
	c.Saw("text x")
}

func testCORSNoSocket(t *T) {
	for _, a := range []*ask{
		t.get("/j/none", "ttl=0"), t.post("/s/none").form("t=t", "d=x"), t.get("/s/none", "cb=f", "t=t", "d=x"), t.post("/s/none").form("t=q"),
		t.get("/x/none"), t.get("/e/none", "hb=1000"),
	} {
		for _, origin := range []string{t.srv.GoodOrigin, strange, "null"} {
			a.header.Set("Origin", origin)
			if ans := a.do().is(403, 400); ans.header.Get(allowOrigin) != "*" {
				t.Errorf("%v\n  %s: %q, want *", ans, allowOrigin, ans.header.Get(allowOrigin))
			}
		}
	}
	if ans := t.get("/relay", "host=x").from(strange).do().is(200); ans.header.Get(allowOrigin) != "*" && ans.header.Get(allowOrigin) != strange {
		t.Errorf("%v\n  %s: %q; a page could not read it", ans, allowOrigin, ans.header.Get(allowOrigin))
	}
}

// testCORSCreate asks for answers of each kind; check holds those of every create with an Origin to the rule.
func testCORSCreate(t *T) {
	tg := t.target(target.Options{})
	refusing := t.target(target.Options{Refuse: target.Status(500, "")})
	for _, origin := range []string{t.srv.GoodOrigin, t.srv.BadOrigin, strange, "null"} {
		if origin == "" {
			continue
		}
		for _, a := range []*ask{
			t.create(tg.URL), t.create(refusing.URL), t.create("ws://127.0.0.1:1/"), t.get("/create"), t.create("http://x/"),
			t.post("/create").form("from="+caller, "target="+tg.URL), t.create(tg.URL, "token=a", "token=a"), t.get("/create").bare("%"),
			t.request("PUT", "/create"), t.post("/create").as("application/json", "{"), t.create(tg.URL, "cb=1"), t.create(tg.URL, "cb=f"),
		} {
			ans := a.with("Origin", origin).do()
			if got := ans.header.Get(allowOrigin); got != "*" && got != origin {
				t.Errorf("%v\n  %s: %q, want %q", ans, allowOrigin, got, origin)
			}
			if ans.header.Get(allowOrigin) != "*" && !ans.lists("Vary", "Origin") {
				t.Errorf("%v\n  Vary: %q, want Origin, as the answer depends on it", ans, ans.header.Values("Vary"))
			}
		}
	}
}

func testNoCredentials(t *T) {
	tg := t.target(target.Options{})
	s := t.create(tg.URL).from(t.srv.GoodOrigin).with("Cookie", "a=b").do().socket()
	c := tg.Accept()
	if got := c.Request.Header.Get("Cookie"); got != "" {
		t.Errorf("who.credentials: the target saw Cookie %q", got)
	}
	for _, a := range []*answer{
		s.poll("ttl=0").from(t.srv.GoodOrigin).do(),
		t.create("").from(t.srv.GoodOrigin).do(),
		t.request("OPTIONS", "/create").from(t.srv.GoodOrigin).do(),
	} {
		if got := a.header.Get("Access-Control-Allow-Credentials"); got != "" {
			t.Errorf("%v\n  Access-Control-Allow-Credentials: %q", a, got)
		}
	}
}

func testOptions(t *T) {
	s, _ := t.pair(target.Options{})
	for _, path := range []string{
		"/create", "/relay", s.path("s"), s.path("j"), s.path("x"), s.path("e"), "/m", "/s/none", "/j/none", "/x/none", "/e/none",
	} {
		host := s.host
		if path == "/create" || path == "/relay" {
			host = ""
		}
		a := t.request("OPTIONS", path).to(host).from(t.srv.GoodOrigin).
			with("Access-Control-Request-Method", "POST").with("Access-Control-Request-Headers", "content-type").do().is(204)
		if got := a.header.Get(allowOrigin); got != "*" && got != t.srv.GoodOrigin {
			t.Errorf("%v\n  %s: %q: a browser would not send the request", a, allowOrigin, got)
		}
		for _, h := range []string{"Authorization", "Content-Type"} {
			if (path == "/create" || h == "Content-Type" && path != "/relay") && !a.lists("Access-Control-Allow-Headers", h) {
				t.Errorf("%v\n  Access-Control-Allow-Headers: %q, want %s", a, a.header.Values("Access-Control-Allow-Headers"), h)
			}
		}
		if len(a.raw) != 0 {
			t.Errorf("%v\n  want: no body", a)
		}
	}
}
