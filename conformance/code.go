package conformance

import (
	"github.com/polysocket/polysocket/conformance/target"
)

// codeRules are about the answers that depend on a deployment's policy. A server without keys never gives them, and that
// is what is tested.
var codeRules = []rule{
	every("create.token", "both at once", testTokenTwice),
	every("create.token", "accepted", testToken),
	on("create.token_invalid", "never asked for", testToken),
	on("create.token_expired", "never asked for", testToken),
	on("create.limit_reached", "never", testManySockets),
	on("create.rate_limited", "never", testManySockets),
	on("create.no_relay", "never", testManySockets),
}

func testTokenTwice(t *T) {
	tg := t.target(target.Options{})
	t.create(tg.URL, "token=a").with("Authorization", "Bearer a").do().fails(400, "bad_request").names("token")
	t.create(tg.URL, "token=a").with("Authorization", "Bearer b").do().fails(400, "bad_request").names("token")
	t.post("/create").form("from="+caller, "target="+tg.URL, "token=a").with("Authorization", "Bearer a").do().fails(400, "bad_request")
	t.post("/create").as("application/json", `{"from":"x","token":"a","target":"`+tg.URL+`"}`).
		with("Authorization", "Bearer a").do().fails(400, "bad_request")
	if n := tg.Dialled(); n != 0 {
		t.Errorf("create.token: the target was dialled %d times", n)
	}
}

// testToken creates without a token and with tokens that no one has issued.
func testToken(t *T) {
	tg := t.target(target.Options{})
	for _, a := range []*ask{
		t.create(tg.URL),
		t.create(tg.URL, "token=secret"),
		t.create(tg.URL, "token=eyJhbGciOiJub25lIn0.eyJleHAiOjF9."),
		t.create(tg.URL).with("Authorization", "Bearer secret"),
		t.create(tg.URL).with("Authorization", "bearer secret"),
		t.post("/create").form("from="+caller, "target="+tg.URL).with("Authorization", "Bearer secret"),
		t.post("/create").as("application/json", `{"from":"x","token":"t","target":"`+tg.URL+`"}`),
	} {
		ans := a.do()
		ans.socket()
		if got := ans.header.Get("WWW-Authenticate"); got != "" {
			t.Errorf("%v\n  WWW-Authenticate: %q", ans, got)
		}
	}
}

func testManySockets(t *T) {
	tg := t.target(target.Options{})
	var waiting []*pending
	for range 40 {
		waiting = append(waiting, t.create(tg.URL, "token=one").start())
	}
	for _, p := range waiting {
		p.wait().socket()
	}
	if n := tg.Opened(); n != 40 {
		t.Errorf("create.limit_reached: %d sockets were opened at the target, want 40", n)
	}
}
