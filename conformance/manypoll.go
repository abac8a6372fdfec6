package conformance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var manyPollRules = []rule{
	every("m.poll", "ttl", testManyTTL),
	every("m.poll", "at once and later", testManyPoll),
	every("m.poll", "JSONP", testManyJSONP),
	every("m.poll", "by form", testManyForm),
	every("m.messages", "as in /j", testManyMessages),
	every("m.size", "over all", testManySize),
	every("m.size", "all in the end", testManySizeAll),
}

func testManyTTL(t *T) {
	ss, _ := t.pairs(2)
	named := sockets(ss[0].after(0), ss[1].after(0))
	if a := ss[0].many(named, "ttl=0").do().holds(); a.took > 12*time.Second || a.body.OK == nil || !*a.body.OK {
		t.Errorf("%v\n  want: ok, at once", a)
	}
	for _, ttl := range []time.Duration{300 * time.Millisecond, 1200 * time.Millisecond} {
		a := ss[0].many(named, fmt.Sprint("ttl=", ttl.Milliseconds())).do().holds()
		if a.took < ttl-20*time.Millisecond || a.took > ttl+10*time.Second {
			t.Errorf("%v\n  want: after %v", a, ttl)
		}
	}
	ss[0].many(named, "ttl=60001").start().held()
	ss[0].many(named).start().held()
}

func testManyPoll(t *T) {
	ss, cs := t.pairs(3)
	next := make([]int, len(ss))
	named := func() string {
		var all []string
		for i, s := range ss {
			all = append(all, s.after(next[i]))
		}
		return sockets(all...)
	}
	for i, s := range ss {
		// It waits already.
		cs[i].Text("waits")
		s.waiting(1)
		if a := s.many(named(), "ttl=30000").do().holds(s.sent(int64(next[i]+1), "text waits")); a.took > 12*time.Second {
			t.Errorf("%v\n  want: at once", a)
		}
		next[i]++
		// It comes later.
		p := s.many(named(), "ttl=30000").start().held()
		cs[i].Text("comes")
		if a := p.wait().holds(s.sent(int64(next[i]+1), "text comes")); a.took > 12*time.Second {
			t.Errorf("%v\n  want: when it comes", a)
		}
		next[i]++
	}
	// A close is a message, and waits until it is acknowledged; the other sockets go on.
	p := ss[1].many(named(), "ttl=30000").start().held()
	cs[0].Close(4000, "bye")
	p.wait().holds(ss[0].sent(3, "close 4000 bye"))
	ss[1].many(named(), "ttl=30000").do().holds(ss[0].sent(3, "close 4000 bye"))
	cs[1].Text("goes on")
	ss[1].waiting(1)
	ss[1].many(named(), "ttl=30000").do().holds(ss[0].sent(3, "close 4000 bye"), ss[1].sent(3, "text goes on"))
}

func testManyJSONP(t *T) {
	s, c := t.pair(target.Options{})
	text := "</script>\u2028"
	c.Text(text)
	s.waiting(1)
	a := s.many(sockets(s.after(0)), "cb=a.b").do().holds(s.sent(1, "text "+text))
	raw := string(a.raw)
	if a.cb != "a.b" || strings.ContainsAny(raw, "<\u2028") || !strings.HasPrefix(raw, "/**/a.b({") || !strings.HasSuffix(raw, "});") {
		t.Errorf("%v\n  want: /**/a.b(<json>);", a)
	}
	if got := a.header.Get("Content-Type"); got != "application/javascript; charset=utf-8" {
		t.Errorf("%v\n  Content-Type: %q", a, got)
	}
	if got := a.header.Get("Cross-Origin-Resource-Policy"); got != "cross-origin" {
		t.Errorf("%v\n  Cross-Origin-Resource-Policy: %q", a, got)
	}
	if a := s.many(sockets(s.after(0)), "status=200").do().holds(s.sent(1, "text "+text)); a.body.Status != 200 {
		t.Errorf("%v\n  want: status 200 in the body", a)
	}
	for _, cb := range []string{"cb=f", "zzz="} {
		if a := s.many(sockets(s.after(9)), "status=200", cb).do().is(200); a.body.Status != 400 || a.body.Code != "bad_request" {
			t.Errorf("%v\n  want: status 400 in the body", a)
		}
	}
	s.many("s=x", "cb=f").do().fails(400, "bad_request")
	s.many(sockets(s.after(1)), "cb=f", "ttl=300").do().holds()
}

func testManyForm(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one")
	s.waiting(1)
	one := s.sent(1, "text one")
	s.manyByForm(sockets(s.after(0)), "ttl=0").do().holds(one)
	s.t.post("/m", "ttl=0").to(s.host).form(sockets(s.after(0))).do().holds(one)
	s.t.post("/m", sockets(s.after(0))).to(s.host).form("ttl=0").do().holds(one)
	s.t.post("/m").to(s.host).as("application/x-www-form-urlencoded; charset=UTF-8", encode([]string{sockets(s.after(0))})).do().holds(one)
	s.t.post("/m").to(s.host).as("application/x-www-form-urlencoded", "s="+s.id+":0").do().holds(one) // as it stands
	s.t.get("/m").to(s.host).bare("s=" + s.id + ":0").do().holds(one)
	p := s.manyByForm(sockets(s.after(1)), "ttl=30000").start().held()
	c.Text("two")
	p.wait().holds(s.sent(2, "text two"))
	pad := "zzz=" + strings.Repeat("x", 70<<10)
	s.manyByForm(sockets(s.after(1)), pad).do().fails(413, "too_large")
	s.manyByForm(sockets(s.after(1)), pad[:60<<10]).do().holds(s.sent(2, "text two"))
	st := s.manyByForm(sockets(s.after(1)), "stream=1").open().at(2).has("text two")
	c.Text("three")
	st.has("text three")
}

func testManyMessages(t *T) {
	ss, cs := t.pairs(2)
	cs[0].Text("é<\u2028>\"\\\x00\x1f😀", "")
	cs[0].Binary([]byte{0xfb, 0xff, 0x00, 0x01})
	cs[0].Raw(target.Part(1, false, "a"), control(target.OpPing, "between"), target.Part(0, true, "b"))
	cs[1].Close(0, "")
	want := ss[0].waiting(4).messages()
	ss[1].waiting(1)
	named := sockets(ss[0].after(0), ss[1].after(0))
	ss[0].many(named).do().holds(ss[0].sent(1, want...), ss[1].sent(1, "close 1005"))
	st := ss[0].many(named, "stream=1", "hb=1000").open().of(ss[0], 1, want...).of(ss[1], 1, "close 1005")
	if st.beat(); st.header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("m.stream: %v\n  Content-Type: %q", st, st.header.Get("Content-Type"))
	}
}

func testManySize(t *T) {
	ss, cs := t.pairs(3)
	for i, s := range ss {
		for k := range 3 {
			cs[i].Text(fmt.Sprint(k) + strings.Repeat("x", 20<<10))
		}
		s.waiting(3)
	}
	named := sockets(ss[0].after(0), ss[1].after(0), ss[2].after(0))
	count := func(a *answer) (n int) {
		t.Helper()
		for _, o := range a.objects() {
			if o.Seq == nil || *o.Seq != 1 || o.Messages == nil || len(*o.Messages) == 0 {
				t.Fatalf("%v\n  of %s: %v", a, o.Socket, clip(o.String()))
			}
			n += len(*o.Messages)
		}
		return n
	}
	// 3 of them are below 64 KiB, 4 above; 2 below 50, 3 above.
	for max, want := range map[string]int{"max=1000": 4, "max=50": 3, "max=30": 2, "max=1": 1, "max=0": 1, "zzz=": 4} {
		a := ss[0].many(named, "ttl=0", max).do()
		if got := count(a); got != want {
			t.Errorf("m.size: %v\n  %d messages of 20 KiB, want %d", a, got, want)
		}
	}
	st := ss[0].many(named, "stream=1", "max=50").open()
	got := 0
	for ; ; got++ {
		if _, ok := st.take("", patience); !ok {
			break
		}
	}
	if st.over(); got != 3 {
		t.Errorf("m.size: %v\n  %d messages of 20 KiB before its end, want 3", st, got)
	}
}

// testManySizeAll reads as little as may be at a time: no socket is left out for good.
func testManySizeAll(t *T) {
	ss, cs := t.pairs(3)
	const each = 6
	for i, c := range cs {
		for k := range each {
			c.Text(fmt.Sprint(i, " ", k))
		}
		ss[i].waiting(each)
	}
	next := make([]int, len(ss))
	for range len(ss) * each {
		var named []string
		for i, s := range ss {
			named = append(named, s.after(next[i]))
		}
		a := ss[0].many(sockets(named...), "ttl=10000", "max=0").do()
		o := a.objects()
		if len(o) != 1 {
			t.Fatalf("%v\n  want: one message", a)
		}
		i := slices.IndexFunc(ss, func(s *socket) bool { return s.id == o[0].Socket })
		if i < 0 {
			t.Fatalf("%v\n  want: one of the sockets asked for", a)
		}
		a.holds(ss[i].sent(int64(next[i]+1), fmt.Sprint("text ", i, " ", next[i])))
		next[i]++
	}
}
