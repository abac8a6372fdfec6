package conformance

import (
	"net"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var outcomeRules = []rule{
	every("create.target_unreachable", "closed port", testUnreachable),
	on("create.target_unreachable", "no such name", testNoSuchName),
	every("create.target_refused", "another status", testRefused),
	on("create.target_refused", "a bad handshake", testBadHandshake),
	every("create.target_timeout", "silence", testTargetTimeout, short("target timeout", targetTimeout)),
	{name: "create.target_denied", what: "addresses", test: testTargetDenied, needs: []need{deniesLoopback}},
	every("create.origin_denied", "before the target", testOriginDenied, restricted),
	on("create.bad_request", "before the origin", testParametersFirst, restricted),
}

func testUnreachable(t *T) {
	tg := t.target(target.Options{Addr: target.Alone})
	tg.Stop()
	t.create(tg.URL).do().fails(502, "target_unreachable")
}

func testNoSuchName(t *T) {
	t.create("ws://no-such-host.invalid/").do().fails(502, "target_unreachable")
}

func testRefused(t *T) {
	for _, c := range []struct {
		status int
		names  string
	}{{200, "200"}, {400, "400"}, {403, "403"}, {404, "404"}, {500, "500"}, {302, "302"}, {429, "429"}} {
		tg := t.target(target.Options{Refuse: target.Status(c.status, "")})
		t.create(tg.URL).do().fails(502, "target_refused").names(c.names)
	}
}

func testBadHandshake(t *T) {
	upgrade := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	for what, o := range map[string]target.Options{
		"a connection that ends":        {Drop: true},
		"no HTTP":                       {Refuse: "220 smtp.example ESMTP\r\n"},
		"no Sec-WebSocket-Accept":       {Refuse: upgrade + "\r\n"},
		"a wrong Sec-WebSocket-Accept":  {Refuse: upgrade + "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"},
		"a subprotocol not offered":     {Choose: "other"},
		"an extension not offered":      {Header: "Sec-WebSocket-Extensions: x-own\r\n"},
		"a handshake broken off midway": {Refuse: "HTTP/1.1 101 Switching"},
	} {
		t.sub(what, func(t *T) {
			tg := t.target(o)
			t.create(tg.URL, "protocols=chat").do().fails(502, "target_refused")
		})
	}
}

func testTargetTimeout(t *T) {
	tg := t.target(target.Options{Manual: true})
	p := t.create(tg.URL).start()
	c := tg.Accept()
	p.withheld(t.srv.TargetTimeout / 2)
	a := p.wait().fails(504, "target_timeout")
	if d := t.srv.TargetTimeout; a.took < d*9/10 || a.took > d+5*time.Second {
		t.Errorf("%v\n  want: after %v", a, d)
	}
	if !c.Ended(5 * time.Second) {
		t.Error("create.target_timeout: the connection to the target outlives the answer")
	}
}

// testTargetDenied runs against a server that may dial public addresses only.
func testTargetDenied(t *T) {
	tg := t.target(target.Options{})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(tg.URL, "ws://"))
	for _, host := range []string{
		"127.0.0.1", "localhost", "127.1.2.3", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
		"10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "[fe80::1]", "[fd00::1]",
		"224.0.0.1", "255.255.255.255", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
	} {
		t.sub(host, func(t *T) {
			t.create("ws://"+host+":"+port+"/").do().fails(403, "target_denied")
		})
	}
	// Whether these are addresses is the resolver's matter; they may be unreachable too.
	for _, host := range []string{"2130706433", "0x7f.1", "127.1", "localhost."} {
		t.create("ws://"+host+":"+port+"/").do().is(403, 502, 400)
	}
	if n := tg.Dialled(); n != 0 {
		t.Errorf("create.target_denied: the target was dialled %d times", n)
	}
}

func testOriginDenied(t *T) {
	tg := t.target(target.Options{})
	bad := t.srv.BadOrigin
	t.create(tg.URL).from(bad).do().fails(403, "origin_denied")
	t.create(tg.URL).with("Referer", bad+"/page").do().fails(403, "origin_denied")
	t.post("/create").form("from="+caller, "target="+tg.URL).from(bad).do().fails(403, "origin_denied")
	good := t.srv.GoodOrigin
	for _, near := range []string{good + ".evil.example", "https://evil.example/" + good, good + "@evil.example", "x" + good} {
		t.create(tg.URL).from(near).do().fails(403, "origin_denied")
	}
	if n := tg.Dialled(); n != 0 {
		t.Errorf("create.origin_denied: the target was dialled %d times", n)
	}
	t.create(tg.URL).from(good).do().socket()
}

func testParametersFirst(t *T) {
	bad := t.srv.BadOrigin
	t.get("/create", "from=x").from(bad).do().fails(400, "bad_request")
	t.create("ws://127.0.0.1:1/", "nonce=x").from(bad).do().fails(400, "bad_request")
	t.create("ws://127.0.0.1:1/").from(bad).do().fails(403, "origin_denied")
}
