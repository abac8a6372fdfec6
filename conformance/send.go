package conformance

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var sendRules = []rule{
	every("send.t", "kinds", testSendKinds),
	every("send.d", "base64", testBase64),
	every("send.d", "empty and missing", testEmptyData),
	every("send.cb", "GET", testSendGet),
	every("send.form", "anywhere", testSendForm),
	every("send.bad_request", "nothing taken", testSendBad),
	every("send.no_socket", "unknown", testSendNoSocket),
	on("send.no_socket", "ended", testSendEnded, ample("hold", hold)),
	every("send.too_large", "limit", testTooLarge),
}

func testSendKinds(t *T) {
	s, c := t.pair(target.Options{})
	s.form("t=t", "d=text").do().is(201)
	s.form("t=b", "d=AAEC/w==").do().is(201)
	s.raw(string(target.Text("framed")), "t=f").do().is(201)
	s.form("t=c", "code=4000", "reason=bye").do().is(201, 403)
	c.Saw("text text", "binary \x00\x01\x02\xff", "text framed", "close 4000 bye")
	s.expect("close 4000 bye")
}

func testBase64(t *T) {
	s, c := t.pair(target.Options{})
	data := []byte{0xfb, 0xef, 0xbe, 0xff, 0xff, 0x00, 0x10, 0x83}
	for n := range len(data) + 1 {
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			d := enc.EncodeToString(data[:n])
			s.form("t=b", "d="+d).do().is(201)
			c.Saw("binary " + string(data[:n]))
			s.jsonp("t=b", "d="+d).do().is(201)
			c.Saw("binary " + string(data[:n]))
		}
	}
	for _, bad := range []string{"A", "AAAAA", "A===", "====", "AA=A", "AA*A", "é", "AAAA=", "AA==AA=="} {
		s.form("t=b", "d="+bad).do().fails(400, "bad_request").names("d")
	}
	s.form("t=t", "d=unharmed").do().is(201)
	c.Saw("text unharmed")
}

func testEmptyData(t *T) {
	s, c := t.pair(target.Options{})
	for _, kind := range []string{"t", "b"} {
		s.form("t="+kind, "d=").do().is(201)
		s.form("t="+kind, "d").do().is(201)
		s.jsonp("t="+kind, "d=").do().is(201)
		s.raw("", "t="+kind).do().is(201)
		word := map[string]string{"t": "text ", "b": "binary "}[kind]
		c.Saw(word, word, word, word)
		s.form("t="+kind).do().fails(400, "bad_request").names("d")
		s.jsonp("t="+kind).do().fails(400, "bad_request").names("d")
	}
	s.form("t=t", "d=unharmed").do().is(201)
	c.Saw("text unharmed")
}

func testSendGet(t *T) {
	s, c := t.pair(target.Options{})
	a := s.jsonp("t=t", "d=é<>&+ \u2028").do().is(201)
	if a.cb != "cb" {
		t.Errorf("%v\n  want: JSONP", a)
	}
	c.Saw("text é<>&+ \u2028")
	s.t.get(s.path("s"), "t=t", "d=x").to(s.host).do().fails(400, "bad_request").names("cb")
	s.t.get(s.path("s"), "a=0").to(s.host).do().fails(400, "bad_request").names("cb")
	s.jsonp("t=f", "d=gQA=").do().fails(400, "bad_request")
	s.jsonp("t=c", "code=4000").do().is(201, 403)
	c.Saw("close 4000")
}

func testSendForm(t *T) {
	s, c := t.pair(target.Options{})
	s.form("t=t", "d=body").do().is(201)
	s.t.post(s.path("s"), "t=t").to(s.host).form("d=mixed").do().is(201)
	s.t.post(s.path("s"), "t=t", "d=query").to(s.host).form().do().is(201)
	s.t.post(s.path("s"), "d=charset").to(s.host).as("application/x-www-form-urlencoded; charset=UTF-8", "t=t").do().is(201)
	s.t.post(s.path("s")).to(s.host).as("Application/X-WWW-Form-URLEncoded", "t=t&d=case").do().is(201)
	c.Saw("text body", "text mixed", "text query", "text charset", "text case")
	a := s.t.post(s.path("s"), "t=t").to(s.host).as("application/x-www-form-urlencoded", "just some data").do()
	a.fails(400, "bad_request")
	if e := strings.ToLower(a.body.Error); !strings.Contains(e, "content-type") && !strings.Contains(e, "raw") {
		t.Errorf("%v\n  want: to be told how to send a raw body", a)
	}
	s.form("t=f", "d="+base64.StdEncoding.EncodeToString(target.Text("x"))).do().fails(400, "bad_request")
	c.Quiet(0)
}

func testSendBad(t *T) {
	s, c := t.pair(target.Options{})
	for _, a := range []*ask{
		s.form("d=x"), s.form(), s.form("t=t"), s.form("t=q", "d=x"), s.form("t=t", "d=\xff"), s.form("t=c", "code=1005"),
		s.raw("x"), s.raw("\xff", "t=t"), s.raw("x", "t=f"), s.raw("x", "t=t", "cb=1"), s.form("t=t", "d=x", "n=x"),
		s.form("t=t", "d=x", "m=x"), s.form("t=t", "d=x", "a=1"),
	} {
		a.do().fails(400, "bad_request")
	}
	s.form("t=t", "d=first", "n=1").do().reached(1)
	c.Saw("text first")
}

func testSendNoSocket(t *T) {
	for _, id := range []string{"none", strings.Repeat("A", 22), strings.Repeat("x", 300), "é"} {
		t.post("/s/"+id).form("t=t", "d=x").do().fails(403, "no_socket")
		t.get("/s/"+id, "cb=f", "t=t", "d=x").do().fails(403, "no_socket")
		t.post("/s/"+id).form("a=0").do().fails(403, "no_socket")
	}
}

func testSendEnded(t *T) {
	s, c := t.pair(target.Options{})
	c.Close(1000, "")
	s.poll().do().has("close 1000")
	s.gone()

	// Every withheld request is answered so at once when the socket ends.
	s, c = t.pair(target.Options{})
	held := []*pending{s.form("t=t", "d=x", "n=2").start(), s.form("t=t", "d=x", "n=3").start()}
	for _, p := range held {
		p.held()
	}
	c.Drop()
	for _, p := range held {
		if a := p.wait().fails(403, "no_socket"); a.took > t.srv.Hold-500*time.Millisecond {
			t.Errorf("%v\n  want: at once", a)
		}
	}
	s.expect("close 1006 unclean")
}

func testTooLarge(t *T) {
	s, c := t.pair(target.Options{})
	full := strings.Repeat("0123456789abcdef", t.srv.MessageLimit/16+1)[:t.srv.MessageLimit]
	s.raw(full, "t=t", "n=1").do().reached(1)
	c.Saw("text " + full)
	s.raw(full+"x", "t=t", "n=2").do().fails(413, "too_large")
	s.raw(full+"x", "t=b").do().fails(413, "too_large")
	s.form("t=t", "d="+full+"x", "n=2").do().fails(413, "too_large")
	s.raw(string(target.Text(full+"x")), "t=f", "n=2").do().fails(413, "too_large")
	parts := string(target.Part(target.OpText, false, full)) + string(target.Part(target.OpContinuation, true, "x"))
	s.raw(parts, "t=f", "n=2").do().fails(413, "too_large")
	s.raw(full, "t=b", "n=2").do().reached(2)
	s.form("t=t", "d="+full, "n=3").do().reached(3)
	s.form("t=b", "d="+base64.StdEncoding.EncodeToString([]byte(full)), "n=4").do().reached(4)
	s.raw(string(target.Text(full)), "t=f", "n=5").do().reached(5)
	c.Saw("binary "+full, "text "+full, "binary "+full, "text "+full)
	// In a body what stands before it was taken, and a body has no limit.
	s.raw(run(target.Text("before"), target.Text(full+"x"), target.Text("behind")), "t=f", "n=6").do().fails(413, "too_large")
	s.raw(run(target.Text(full), target.Text(full), target.Text("last")), "t=f", "n=7").do().reached(9)
	c.Saw("text before", "text "+full, "text "+full, "text last")
}
