package conformance

import (
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var nonceRules = []rule{
	every("create.nonce", "length", testNonceLength),
	every("create.nonce", "again", testNonceAgain),
	on("create.nonce", "parallel", testNonceParallel),
	on("create.nonce", "errors", testNonceErrors),
	on("create.nonce", "kept for 30 s", testNonceKept, long),
	on("create.cut", "another waits", testCutShared),
}

const nonce = "nonce-0123456789abcdef"

func testNonceLength(t *T) {
	tg := t.target(target.Options{})
	for _, n := range []int{0, 1, 15, 65, 1000} {
		t.create(tg.URL, "nonce="+strings.Repeat("n", n)).do().fails(400, "bad_request").names("nonce")
	}
	for _, n := range []int{16, 64} {
		t.create(tg.URL, "nonce="+strings.Repeat("n", n)).do().socket()
	}
	if n := tg.Dialled(); n != 2 {
		t.Errorf("create.nonce: the target was dialled %d times, want 2", n)
	}
}

// testNonceAgain repeats a create in other forms, and changes each part of what makes it the same.
func testNonceAgain(t *T) {
	tg := t.target(target.Options{})
	params := []string{"nonce=" + nonce, "protocols=a,b", "token=secret"}
	first := t.create(tg.URL, params...).page().do()
	s := first.socket()
	for _, a := range []*ask{
		t.create(tg.URL, params...).page(),
		t.create(tg.URL, append(params, "cb=one")...).page(),
		t.create(tg.URL, append(params, "cb=two.b")...).from(t.srv.GoodOrigin),
		t.post("/create").form(append(params, "from="+caller, "target="+tg.URL)...).page(),
		t.create(tg.URL, params[:2]...).with("Authorization", "Bearer secret").page(),
		t.get("/create", append(params, "from=another-v2", "target="+tg.URL)...).page(),
	} {
		again := a.do()
		if got := again.socket(); got.id != s.id || got.host != s.host {
			t.Errorf("%v\n  want the answer of the first: %s on %s", again, s.id, s.host)
		}
		if strings.Contains(a.query, "cb=") != (again.cb != "") || again.cb != "" && !strings.Contains(a.query, "cb="+again.cb) {
			t.Errorf("%v\n  want the form that was asked for", again)
		}
	}
	if n := tg.Opened(); n != 1 {
		t.Fatalf("create.nonce: %d sockets were opened at the target, want 1", n)
	}
	for what, a := range map[string]*ask{
		"target":    t.create(tg.URL+"/other", params...).page(),
		"protocols": t.create(tg.URL, params[0], "protocols=b,a", params[2]).page(),
		"token":     t.create(tg.URL, params[0], params[1], "token=other").page(),
		"origin":    t.create(tg.URL, params...),
		"nonce":     t.create(tg.URL, "nonce="+nonce+"2", params[1], params[2]).page(),
	} {
		if got := a.do(); got.socket().id == s.id {
			t.Errorf("%v\n  want a socket of its own: another %s", got, what)
		}
	}
	if n := tg.Opened(); n != 6 {
		t.Errorf("create.nonce: %d sockets were opened at the target, want 6", n)
	}
}

func testNonceParallel(t *T) {
	tg := t.target(target.Options{Manual: true})
	var waiting []*pending
	for _, cb := range []string{"", "f", "g.h", "", "f"} {
		params := []string{"nonce=" + nonce}
		if cb != "" {
			params = append(params, "cb="+cb)
		}
		waiting = append(waiting, t.create(tg.URL, params...).page().start())
	}
	c := tg.Accept()
	waiting[0].held()
	c.Open()
	id := waiting[0].wait().socket().id
	for i, p := range waiting {
		a := p.wait()
		if got := a.socket(); got.id != id {
			t.Errorf("%v\n  want the socket of the others, %s", a, id)
		}
		if want := []string{"", "f", "g.h", "", "f"}[i]; a.cb != want {
			t.Errorf("%v\n  want callback %q", a, want)
		}
	}
	if n := tg.Dialled(); n != 1 {
		t.Errorf("create.nonce: five parallel creates dialled the target %d times, want once", n)
	}
}

func testNonceErrors(t *T) {
	down := t.target(target.Options{Addr: target.Alone})
	addr := strings.TrimPrefix(down.URL, "ws://")
	down.Stop()
	t.create(down.URL, "nonce="+nonce).do().fails(502, "target_unreachable")
	up := t.target(target.Options{Addr: addr})
	t.create(up.URL, "nonce="+nonce).do().socket()

	refusing := t.target(target.Options{Refuse: target.Status(503, "")})
	for range 2 {
		t.create(refusing.URL, "nonce="+nonce).do().fails(502, "target_refused")
	}
	if n := refusing.Dialled(); n != 2 {
		t.Errorf("create.nonce: a refused create and its repeat dialled %d times, want 2: errors are not kept", n)
	}
}

func testNonceKept(t *T) {
	tg := t.target(target.Options{})
	s := t.open(tg.URL, "nonce="+nonce)
	s.poll("ttl=25000").start().waitFor(30 * time.Second).has("heartbeat") // and so the socket is kept
	if again := t.open(tg.URL, "nonce="+nonce); again.id != s.id {
		t.Errorf("create.nonce: after 25 s the same create got another socket")
	}
	s.form("t=t", "d=alive").do().is(201)
}

func testCutShared(t *T) {
	tg := t.target(target.Options{Manual: true})
	first := t.create(tg.URL, "nonce="+nonce).start()
	c := tg.Accept()
	second := t.create(tg.URL, "nonce="+nonce).start()
	second.withheld(300 * time.Millisecond)
	first.cut()
	second.withheld(300 * time.Millisecond)
	c.Open()
	s := second.wait().socket()
	s.form("t=t", "d=alive").do().is(201)
	c.Saw("text alive")

	// With the last one that waits, it goes.
	both := t.target(target.Options{Manual: true})
	first = t.create(both.URL, "nonce="+nonce).start()
	c = both.Accept()
	second = t.create(both.URL, "nonce="+nonce).start()
	second.withheld(300 * time.Millisecond)
	first.cut()
	second.cut()
	if !c.Ended(5 * time.Second) {
		t.Error("create.cut: the connection to the target outlives both of its creates")
	}
}
