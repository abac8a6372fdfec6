package conformance

import (
	"strings"

	"github.com/polysocket/polysocket/conformance/target"
)

var protocolRules = []rule{
	on("create.protocols", "offered", testProtocols),
	every("create.protocols", "malformed", testProtocolsMalformed),
	on("create.handshake", "headers", testHandshake),
	on("create.handshake", "redirects", testRedirect),
}

func testProtocols(t *T) {
	tg := t.target(target.Options{})
	for value, want := range map[string]string{
		"a": "a", "a,b": "a,b", "a , b,  c": "a,b,c", "v1.chat!#$%&'*+-.^_`|~": "v1.chat!#$%&'*+-.^_`|~", "A,a": "A,a", "": "",
	} {
		t.open(tg.URL, "protocols="+value)
		h := tg.Accept().Request.Header
		got := strings.ReplaceAll(strings.Join(h.Values("Sec-WebSocket-Protocol"), ","), " ", "")
		if _, ok := h["Sec-Websocket-Protocol"]; got != want || ok && want == "" {
			t.Errorf("create.protocols: protocols=%q\n  the target was offered %q, want %q", value, got, want)
		}
	}
}

func testProtocolsMalformed(t *T) {
	tg := t.target(target.Options{})
	for _, bad := range []string{"a,a", "a, b ,a", "a b", "a,,b", ",a", "a,", "a(b", "a;b", "a/b", "a\"", "é", "a\r\nX: y", "a\x00", "a=b", ","} {
		t.create(tg.URL, "protocols="+bad).do().fails(400, "bad_request").names("protocols")
	}
	if n := tg.Dialled(); n != 0 {
		t.Errorf("create.protocols: the target was dialled %d times", n)
	}
}

func testHandshake(t *T) {
	tg := t.target(target.Options{})
	origin := t.srv.GoodOrigin
	t.create(tg.URL, "token=secret").from(origin).with("User-Agent", "Agent/7 (odd; one)").with("Cookie", "c=1").with("X-Own", "1").do().socket()
	h := tg.Accept().Request.Header
	for name, want := range map[string]string{
		"Origin": origin, "User-Agent": "Agent/7 (odd; one)", "Sec-Websocket-Version": "13", "Cookie": "", "X-Own": "", "Authorization": "",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("create.handshake: the target saw %s: %q, want %q", name, got, want)
		}
	}
	t.create(tg.URL).with("Referer", origin+"/a/page").do().socket()
	if got := tg.Accept().Request.Header.Get("Origin"); got != origin {
		t.Errorf("create.handshake: with Referer %s/a/page, the target saw Origin %q, want %q", origin, got, origin)
	}
	t.create(tg.URL).with("Authorization", "Bearer secret").do().socket()
	h = tg.Accept().Request.Header
	if got, ok := h["Origin"]; ok {
		t.Errorf("create.handshake: a caller without an origin; the target saw Origin %q, want none", got)
	}
	if got, ok := h["Authorization"]; ok {
		t.Errorf("create.handshake: the token was handed to the target: Authorization: %q", got)
	}
}

func testRedirect(t *T) {
	there := t.target(target.Options{})
	for _, code := range []int{301, 302, 303, 307, 308} {
		here := t.target(target.Options{Refuse: target.Status(code, "Location: "+there.URL+"/\r\n")})
		t.create(here.URL).do().fails(502, "target_refused")
	}
	if n := there.Dialled(); n != 0 {
		t.Errorf("create.handshake: %d redirects were followed", n)
	}
}
