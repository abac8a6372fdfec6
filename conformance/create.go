package conformance

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var createRules = []rule{
	every("create.answer", "fields", testCreateAnswer),
	on("create.answer", "ids", testCreateIDs),
	every("create.bare", "the name without its label", testCreateBare),
	every("create.from", "required", testCreateFrom),
	every("create.target", "malformed", testCreateTarget),
	on("create.target", "as it stands", testTargetURL),
	on("create.target", "wss", testTLSTarget, trustsTarget),
	every("create.bad_request", "forms of a POST", testCreatePost),
	on("create.bad_request", "JSON", testCreateJSON),
	every("create.too_large", "bodies", testCreateTooLarge),
	every("create.cb", "JSONP", testCreateCallback),
	every("create.jsonp", "status", testCreateJSONP),
	on("create.cut", "closes", testCreateCut),
}

func trustsTarget(s Server) string {
	if s.TargetCert == nil {
		return "no certificate for a wss:// target"
	}
	return ""
}

func testCreateAnswer(t *T) {
	tg := t.target(target.Options{Choose: "chat"})
	a := t.create(tg.URL, "protocols=superchat,chat").do()
	s := a.socket()
	if a.body.Protocol == nil || *a.body.Protocol != "chat" {
		t.Errorf("%v\n  want: protocol chat", a)
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Errorf("%v\n  Content-Type: %q", a, a.header.Get("Content-Type"))
	}
	if strings.ContainsAny(s.host, "/@? ") {
		t.Errorf("%v\n  want: polysocketd a host, perhaps with a port", a)
	}
	s.form("t=t", "d=hello").do().is(201)
	tg.Accept().Saw("text hello")

	plainer := t.target(target.Options{})
	if a := t.create(plainer.URL, "protocols=chat").do().is(200); a.body.Protocol == nil || *a.body.Protocol != "" {
		t.Errorf("%v\n  want: protocol empty, the target chose none", a)
	}
}

func testCreateBare(t *T) {
	tg := t.target(target.Options{})
	a := t.create(tg.URL).do()
	s := a.socket()
	if !t.srv.Wildcard || t.srv.http2() {
		if a.body.Bare != nil {
			t.Errorf("%v\n  want: no bare, polysocketd has no label", a)
		}
		return
	}
	if _, bare, _ := strings.Cut(s.host, "."); a.body.Bare == nil || *a.body.Bare != bare {
		t.Fatalf("%v\n  want: bare %q", a, bare)
	}
	s.form("t=t", "d=bare").to(*a.body.Bare).do().is(201)
	tg.Accept().Saw("text bare")
	// As JSONP, too.
	again := t.create(tg.URL, "cb=f").page().do()
	if again.socket(); again.body.Bare == nil || *again.body.Bare != *a.body.Bare {
		t.Errorf("%v\n  want: bare %q", again, *a.body.Bare)
	}
}

func testCreateIDs(t *T) {
	tg := t.target(target.Options{})
	seen := map[string]bool{}
	for range 20 {
		s := t.open(tg.URL)
		if seen[s.id] {
			t.Fatalf("create.answer: %q was handed out twice", s.id)
		}
		seen[s.id] = true
		if !regexp.MustCompile(`^[A-Za-z0-9_.~-]{22,}$`).MatchString(s.id) {
			t.Errorf("create.answer: socket %q: want 128 random bits at least, in characters that a path may have", s.id)
		}
	}
}

func testCreateFrom(t *T) {
	tg := t.target(target.Options{})
	t.get("/create", "target="+tg.URL).do().fails(400, "bad_request").names("from")
	t.get("/create", "target="+tg.URL, "from=").do().fails(400, "bad_request").names("from")
	t.get("/create", "target="+tg.URL, "from=polysocketjs-v0.1.0").do().socket()
}

func testCreateTarget(t *T) {
	t.get("/create", "from=x").do().fails(400, "bad_request").names("target")
	for _, bad := range []string{
		"", "http://127.0.0.1/", "https://127.0.0.1/", "127.0.0.1:80", "//127.0.0.1/", "/path", "ws:127.0.0.1", "ws://",
		"ws:///path", "ws://127.0.0.1/#part", "ws://u@127.0.0.1/", "ws://u:p@127.0.0.1/", "ws://127.0.0.1:port/",
		"ws://127.0.0.1:99999/", "ws://[::1/", "ftp://127.0.0.1/", "ws://a b/", "ws://127.0.0.1/%zz", "ws://127.0.0.1/\r\nX: y",
	} {
		t.create(bad).do().fails(400, "bad_request").names("target")
	}
}

func testTargetURL(t *T) {
	tg := t.target(target.Options{})
	for _, path := range []string{"", "/", "/a/b%20c", "/a%2Fb?x=1&y=%26;z=+", "/?", "/%C3%A9?q"} {
		t.open(tg.URL + path)
		want := path
		if path == "" {
			want = "/"
		}
		c := tg.Accept()
		if got := c.Request.RequestURI; got != want && got+"?" != want {
			t.Errorf("create.target: %s%s\n  the target was asked for %q, want %q", tg.URL, path, got, want)
		}
		if got := "ws://" + c.Request.Host; got != tg.URL {
			t.Errorf("create.target: %s\n  the target saw Host %q", tg.URL, c.Request.Host)
		}
	}
}

func testTLSTarget(t *T) {
	s, c := t.pair(target.Options{TLS: t.srv.TargetCert})
	s.form("t=t", "d=sealed").do().is(201)
	c.Saw("text sealed")
	c.Text("back")
	s.expect("text back")
}

func testCreatePost(t *T) {
	tg := t.target(target.Options{})
	params := []string{"from=" + caller, "target=" + tg.URL + "/?a=1&b=2", "token=secret", "protocols=a, b"}
	t.post("/create").form(params...).do().socket()
	t.post("/create", params[0], params[2]).form(params[1], params[3]).do().socket()
	t.post("/create").as("application/x-www-form-urlencoded; charset=UTF-8", encode(params)).do().socket()
	t.post("/create", params...).do().is(200, 400) // no body at all: the page does not say
	object, _ := json.Marshal(map[string]string{"from": caller, "target": tg.URL + "/?a=1&b=2", "token": "secret", "protocols": "a, b", "zzz": ""})
	t.post("/create").as("application/json", string(object)).do().socket()
	t.post("/create").as("application/json; charset=utf-8", string(object)).do().socket()
	t.post("/create", params[0]).as("application/json", `{"target":"`+tg.URL+`"}`).do().socket()
	for range 3 {
		if got := tg.Accept().Request.RequestURI; got != "/?a=1&b=2" {
			t.Errorf("create.target: the target was asked for %q", got)
		}
	}

}

func testCreateTooLarge(t *T) {
	tg := t.target(target.Options{})
	pad := strings.Repeat("x", 70<<10)
	t.post("/create").form("from="+caller, "target="+tg.URL, "zzz="+pad).do().fails(413, "too_large")
	t.post("/create").as("application/json", `{"from":"x","target":"`+tg.URL+`","zzz":"`+pad+`"}`).do().fails(413, "too_large")
	t.post("/create").form("from="+caller, "target="+tg.URL, "zzz="+pad[:60<<10]).do().socket()
}

func testCreateJSON(t *T) {
	tg := t.target(target.Options{})
	u := `"target":"` + tg.URL + `"`
	for _, bad := range []string{
		``, `{}`, `[]`, `null`, `"x"`, `{"from":"x"}`, `{"from":1,` + u + `}`, `{"from":"x","target":null}`,
		`{"from":"x","protocols":["a"],` + u + `}`, `{"from":"x",` + u, `{"from":"x",` + u + `} {}`, `from=x`,
		`{"from":"",` + u + `}`,
	} {
		t.post("/create").as("application/json", bad).do().fails(400, "bad_request")
	}
	if n := tg.Dialled(); n != 0 {
		t.Errorf("create.bad_request: the target was dialled %d times", n)
	}
}

// page is what a script element of the origin that the server admits sends.
func (a *ask) page() *ask { return a.with("Referer", a.t.srv.GoodOrigin+"/page?x") }

func testCreateCallback(t *T) {
	tg := t.target(target.Options{})
	a := t.create(tg.URL, "cb=poly.cb_1").page().do()
	if a.socket(); a.cb != "poly.cb_1" {
		t.Fatalf("%v\n  want: JSONP", a)
	}
	if got := tg.Accept().Request.Header.Get("Origin"); got != t.srv.GoodOrigin {
		t.Errorf("create.cb: the target saw Origin %q, want %q", got, t.srv.GoodOrigin)
	}
	if !t.srv.AnyOrigin {
		// It makes the caller a browser, here one of unknown origin.
		a := t.create(tg.URL, "cb=f").do().is(200)
		if a.body.Code != "origin_denied" {
			t.Errorf("%v\n  want: origin_denied", a)
		}
		if n := tg.Dialled(); n != 1 {
			t.Errorf("create.cb: the target was dialled %d times", n)
		}
	}
}

func testCreateJSONP(t *T) {
	refusing := t.target(target.Options{Refuse: target.Status(418, "")})
	for code, a := range map[string]*ask{
		"bad_request":        t.get("/create", "cb=f"),
		"target_unreachable": t.create("ws://127.0.0.1:1/", "cb=f"),
		"target_refused":     t.create(refusing.URL, "cb=f"),
	} {
		ans := a.page().do().is(200)
		if ans.cb != "f" || ans.body.Code != code || *ans.body.OK || ans.body.Error == "" {
			t.Errorf("%v\n  want: f(an error of code %s)", ans, code)
		}
		if got := ans.header.Get("Content-Type"); got != "application/javascript; charset=utf-8" {
			t.Errorf("%v\n  Content-Type: %q", ans, got)
		}
	}
	// Without a well-formed cb the status is the true one.
	t.create("ws://127.0.0.1:1/", "cb=1f").page().do().fails(400, "bad_request").names("cb")
}

func testCreateCut(t *T) {
	// Cut while the target has not answered the handshake.
	slow := t.target(target.Options{Manual: true})
	p := t.create(slow.URL).start()
	c := slow.Accept()
	p.held().cut()
	if !c.Ended(min(5*time.Second, t.srv.TargetTimeout-time.Second)) {
		t.Error("create.cut: the connection to the target outlives a create that was cut")
	}
	// Cut just as the target opens it. The relay may have answered before it could know; then the grace period's first
	// 10 s are left to the socket.
	for i := range 5 {
		t.sub(fmt.Sprint(i), func(t *T) {
			t.Parallel()
			tg := t.target(target.Options{Manual: true})
			p := t.create(tg.URL).start()
			c := tg.Accept()
			p.cut()
			c.Open()
			if !c.Ended(patience) {
				t.Error("create.cut: the socket outlives a create that was cut as the target opened it")
			}
		})
	}
}
