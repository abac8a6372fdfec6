package conformance

import (
	"encoding/json"
	"strings"

	"github.com/polysocket/polysocket/conformance/target"
)

var jsonpRules = []rule{
	every("jsonp.status", "true or 200", testJSONPStatus),
	every("jsonp.callback", "grammar", testCallback),
	every("jsonp.body", "escapes", testJSONPBody),
}

func testJSONPStatus(t *T) {
	s, c := t.pair(target.Options{})
	s.jsonp("t=t", "d=x").do().is(201)
	s.jsonp("t=q", "d=x").do().fails(400, "bad_request")
	s.poll("cb=f", "ttl=0").do().has("heartbeat")
	s.poll("cb=f", "ttl=x").do().fails(400, "bad_request")
	t.get("/s/none", "cb=f", "t=t", "d=x").do().fails(403, "no_socket")
	t.get("/j/none", "cb=f").do().fails(403, "no_socket")
	for want, a := range map[int]*ask{
		201: s.jsonp("t=t", "d=y", "status=200"),
		200: s.poll("cb=f", "ttl=0", "status=200"),
		400: s.jsonp("t=t", "status=200"),
		403: t.get("/j/none", "cb=f", "status=200"),
		409: s.jsonp("t=t", "d=x", "n=1000", "status=200"),
	} {
		ans := a.do().is(200)
		if ans.body.Status != want || ans.cb == "" || *ans.body.OK != (want < 300) || want >= 400 && ans.body.Code == "" {
			t.Errorf("%v\n  want: status %d in the body, and the rest of it", ans, want)
		}
	}
	c.Saw("text x", "text y")
	for want, a := range map[int]*ask{
		201: s.form("t=t", "d=z", "status=200"),
		400: s.poll("ttl=x", "status=200"),
		403: t.get("/j/none", "status=200"),
	} {
		if ans := a.do().is(200); ans.body.Status != want {
			t.Errorf("%v\n  want: status %d in the body; the rule does not ask for a cb", ans, want)
		}
	}
	// Without it the body need not have one, and the true status stands.
	s.jsonp("t=t", "d=x", "m=x").do().fails(400, "bad_request")
}

func testCallback(t *T) {
	s, _ := t.pair(target.Options{})
	for _, good := range []string{"f", "$", "_", "a1", "a.b", "$.$._", "_a.B9.c", strings.Repeat("x", 128), "polysocket.cb_12"} {
		a := s.poll("ttl=0", "cb="+good).do().has("heartbeat")
		if a.cb != good {
			t.Errorf("%v\n  want: callback %q", a, good)
		}
	}
	for _, bad := range []string{
		"", "1", "1a", "a.", ".a", "a..b", "a.1", "a-b", "a b", " a", "a[0]", "a(", "a;b", "a/**/", "é", "a\n", "alert(1)//", "a.b.",
		strings.Repeat("x", 129), "<script>", "a\x00",
	} {
		for _, a := range []*ask{
			s.poll("ttl=0", "cb="+bad), s.jsonp().bare("cb=" + query(bad) + "&t=t&d=x"), t.get("/relay", "host=x", "cb="+bad),
			t.create("ws://127.0.0.1:1/", "cb="+bad).page(),
		} {
			ans := a.do().fails(400, "bad_request")
			if !strings.HasPrefix(ans.header.Get("Content-Type"), "application/json") || strings.HasPrefix(string(ans.raw), "/**/") {
				t.Errorf("%v\n  want: JSON", ans)
			}
		}
	}
	t.get("/j/none", "cb=1").do().is(400, 403)
}

func testJSONPBody(t *T) {
	s, c := t.pair(target.Options{})
	text := "</script><!--\u2028\u2029&>'\"\\é"
	c.Text(text)
	c.Close(4000, "<\u2028>")
	s.waiting(2)
	a := s.poll("cb=a.b").do().has("text "+text, "close 4000 <\u2028>")
	raw := string(a.raw)
	if !strings.HasPrefix(raw, "/**/a.b({") || !strings.HasSuffix(raw, "});") {
		t.Errorf("%v\n  want: /**/a.b(<json>);", a)
	}
	if strings.ContainsAny(raw, "<\u2028\u2029") {
		t.Errorf("%v\n  want: < and U+2028 and U+2029 escaped", a)
	}
	if !json.Valid([]byte(strings.TrimSuffix(strings.TrimPrefix(raw, "/**/a.b("), ");"))) {
		t.Errorf("%v\n  want: JSON as the argument", a)
	}
	for _, a := range []*ask{
		s.poll("cb=f"), t.get("/relay", "host=x", "cb=f"), t.get("/relay", "cb=f"), t.get("/s/none", "cb=f"), t.create("ws://127.0.0.1:1/", "cb=f"),
	} {
		ans := a.do()
		if got := ans.header.Get("Cross-Origin-Resource-Policy"); got != "cross-origin" {
			t.Errorf("%v\n  Cross-Origin-Resource-Policy: %q, want cross-origin", ans, got)
		}
		if got := ans.header.Get("Content-Type"); got != "application/javascript; charset=utf-8" {
			t.Errorf("%v\n  Content-Type: %q", ans, got)
		}
		if raw := string(ans.raw); !strings.HasPrefix(raw, "/**/f({") || !strings.HasSuffix(raw, "});") {
			t.Errorf("%v\n  want: /**/f(<json>);", ans)
		}
	}
}
