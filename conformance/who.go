package conformance

import (
	"github.com/polysocket/polysocket/conformance/target"
)

var whoRules = []rule{
	every("who.browser", "what makes one", testBrowser, restricted),
	every("who.browser", "what does not", testNoBrowser),
	every("who.origin", "Origin, else Referer", testOrigin),
	every("who.unknown", "denied", testUnknownDenied, restricted),
	every("who.unknown", "admitted", testUnknownAdmitted, anyOrigin),
}

// testBrowser: each sign alone makes the caller a browser; its origin is unknown, and so it is denied.
func testBrowser(t *T) {
	tg := t.target(target.Options{})
	for _, h := range [][2]string{
		{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Mode", "no-cors"}, {"Sec-Fetch-Dest", "script"}, {"Sec-Fetch-User", "?1"},
		{"Sec-Fetch-Storage-Access", "none"}, {"Origin", "null"}, {"Referer", "about:blank"},
	} {
		t.create(tg.URL).with(h[0], h[1]).do().fails(403, "origin_denied")
	}
	if a := t.create(tg.URL, "cb=f").do().is(200); a.body.Code != "origin_denied" {
		t.Errorf("%v\n  want: origin_denied", a)
	}
	if n := tg.Dialled(); n != 0 {
		t.Errorf("who.browser: the target was dialled %d times", n)
	}
	// With an origin that is known, they are a browser of it.
	t.create(tg.URL).with("Sec-Fetch-Site", "cross-site").from(t.srv.GoodOrigin).do().socket()
}

func testNoBrowser(t *T) {
	tg := t.target(target.Options{})
	t.create(tg.URL).do().socket()
	t.create(tg.URL).with("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/130").with("Accept-Language", "de").with("Cookie", "a=b").do().socket()
	t.post("/create").form("from="+caller, "target="+tg.URL).do().socket()
}

func testOrigin(t *T) {
	tg := t.target(target.Options{})
	good, bad := t.srv.GoodOrigin, t.srv.BadOrigin
	saw := func(want string) {
		t.Helper()
		if got := tg.Accept().Request.Header.Get("Origin"); got != want {
			t.Errorf("who.origin: the target saw Origin %q, want %q", got, want)
		}
	}
	t.create(tg.URL).from(good).do().socket()
	saw(good)
	for _, referer := range []string{good, good + "/", good + "/a/b?c=d", good + "/?http://evil.example"} {
		t.create(tg.URL).with("Referer", referer).do().socket()
		saw(good)
	}
	t.create(tg.URL).from(good).with("Referer", "https://evil.example/x").do().socket()
	saw(good)
	if bad == "" {
		t.create(tg.URL).from("https://any.example:8443").with("Referer", good).do().socket()
		saw("https://any.example:8443")
		return
	}
	t.create(tg.URL).from(bad).with("Referer", good+"/").do().fails(403, "origin_denied")
	t.create(tg.URL).with("Referer", bad+"/"+good).do().fails(403, "origin_denied")
	for _, unknown := range []string{"null", "", "x", "file://", "http://", "http:", "localhost:3000", "//localhost", "data:text/html,x", "http://a b"} {
		t.create(tg.URL).with("Sec-Fetch-Site", "cross-site").with("Origin", unknown).do().fails(403, "origin_denied")
		t.create(tg.URL).with("Sec-Fetch-Site", "cross-site").with("Referer", unknown).do().fails(403, "origin_denied")
	}
}

func testUnknownDenied(t *T) {
	tg := t.target(target.Options{})
	a := t.create(tg.URL, "cb=f").with("Sec-Fetch-Dest", "script").do().is(200)
	if a.body.Code != "origin_denied" || a.cb != "f" {
		t.Errorf("%v\n  want: f(origin_denied)", a)
	}
	t.create(tg.URL).with("Origin", "null").do().fails(403, "origin_denied")
	if n := tg.Dialled(); n != 0 {
		t.Errorf("who.unknown: the target was dialled %d times", n)
	}
}

func testUnknownAdmitted(t *T) {
	tg := t.target(target.Options{})
	for _, a := range []*ask{
		t.create(tg.URL, "cb=f"), t.create(tg.URL).with("Origin", "null"), t.create(tg.URL).with("Sec-Fetch-Site", "cross-site"),
	} {
		a.do().socket()
		if got, ok := tg.Accept().Request.Header["Origin"]; ok {
			t.Errorf("%v\n  the target saw Origin %q, want none: it is unknown", a, got)
		}
	}
}
