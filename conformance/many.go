package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var manyRules = []rule{
	every("m.sockets", "what each acknowledges", testManySeq),
	every("m.sockets", "malformed", testManyMalformed),
	every("m.sockets", "256", testMany256),
	every("m.sockets", "beyond what was sent", testManyBeyond),
	every("m.no_socket", "beside others", testManyNoSocket),
	every("m.no_socket", "its close acknowledged", testManyEnded),
}

// pairs opens as many, each to a target of its own, and makes each one's first request: a socket that has none is kept for
// 10 s, which a slow machine may take for the rest of them.
func (t *T) pairs(count int) ([]*socket, []*target.Conn) {
	t.Helper()
	ss, cs := make([]*socket, count), make([]*target.Conn, count)
	for i := range ss {
		ss[i], cs[i] = t.pair(target.Options{})
		ss[i].form("a=0").do().is(201)
	}
	return ss, cs
}

func testManySeq(t *T) {
	ss, cs := t.pairs(3)
	cs[0].Text("a1", "a2")
	cs[1].Text("b1", "b2", "b3")
	ss[0].waiting(2)
	ss[1].waiting(3)
	read := func(a ...int) *answer {
		var named []string
		for i, a := range a {
			named = append(named, ss[i].after(a))
		}
		return ss[0].many(sockets(named...), "ttl=0").do()
	}
	for range 2 {
		read(0, 0, 0).holds(ss[0].sent(1, "text a1", "text a2"), ss[1].sent(1, "text b1", "text b2", "text b3"))
	}
	read(1, 2, 0).holds(ss[0].sent(2, "text a2"), ss[1].sent(3, "text b3"))
	read(0, 1, 0).holds(ss[0].sent(2, "text a2"), ss[1].sent(3, "text b3")) // a lower one changes nothing
	ss[0].poll(a(0)).do().has("text a2").at(2)
	ss[1].form(a(3)).do().is(201)
	read(1, 2, 0).holds(ss[0].sent(2, "text a2"))
	read(2, 0, 0).holds()
	cs[2].Text("c1")
	ss[2].waiting(1)
	read(2, 3, 0).holds(ss[2].sent(1, "text c1"))
	ss[0].poll(a(0), "ttl=0").do().has("heartbeat").at(3)
}

func testManyMalformed(t *T) {
	s, c := t.pair(target.Options{})
	other, _ := t.pair(target.Options{})
	c.Text("one")
	s.waiting(1)
	reader := s.poll(a(1), "ttl=30000").start().held()
	none := strings.Repeat("A", 22)
	for _, bad := range []string{
		"", ",", ":", ":0", "0", s.id, s.id + ":", s.id + ":x", s.id + ":-1", s.id + ":+1", s.id + ":1.0", s.id + ":0:0", s.id + ":1 ",
		s.id + ":1234567890123456", s.id + ":0,", "," + s.id + ":0", s.id + ":0,," + other.id + ":0", s.id + ":0;" + other.id + ":0",
		s.id + ":0," + other.id, s.id + "," + other.id + ":0", s.id + ":0," + s.id + ":0", s.id + ":0," + other.id + ":0," + s.id + ":1",
		none + ":0," + none + ":0", none + ":0," + none, s.id + ":0," + none + ":x", none + ":", none,
	} {
		for _, kv := range [][]string{{"ttl=0"}, {"stream=1"}} {
			s.many(append(kv, "s="+bad)...).do().fails(400, "bad_request")
		}
	}
	for _, a := range []*ask{
		s.many("ttl=0"), s.many(), s.many("stream=1"), s.manyByForm("ttl=0"), s.many("ttl=0").bare("s"), s.many().bare("s=%zz"),
		s.many(sockets(s.after(0)), sockets(other.after(0))), s.t.post("/m", sockets(s.after(0))).to(s.host).form(sockets(s.after(0))),
		s.many(sockets(s.after(0)), "ttl=x"), s.many(sockets(s.after(0)), "max=x"), s.many(sockets(s.after(0)), "ttl=0", "ttl=0"),
		s.many(sockets(s.after(0)), "stream=1", "stream=1"), s.many(sockets(s.after(0)), "cb="), s.many(sockets(s.after(0)), "cb=1"),
	} {
		a.do().fails(400, "bad_request")
	}
	s.many("ttl=0").do().fails(400, "bad_request").names("s")
	reader.held()
	c.Text("still here")
	reader.wait().has("text still here").at(2)
}

func testMany256(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one")
	s.waiting(1)
	named, want := []string{s.after(0)}, []string{s.sent(1, "text one")}
	for i := 1; i < 256; i++ {
		none := &socket{t: t, id: fmt.Sprintf("%022d", i), host: s.host}
		named, want = append(named, none.after(i)), append(want, none.missing())
	}
	s.many(sockets(named...), "ttl=30000").do().holds(want...)
	s.manyByForm(sockets(named...), "ttl=30000").do().holds(want...)
	one := fmt.Sprintf("%022d:0", 256)
	s.many(sockets(append(named, one)...), "ttl=0").do().fails(400, "bad_request").names("s")
	s.manyByForm(sockets(append(named, one)...), "ttl=0").do().fails(400, "bad_request").names("s")
	s.many(sockets(append(named, one)...), "stream=1").do().fails(400, "bad_request").names("s")
}

// testManyBeyond: with one a that is wrong, no read is disturbed.
func testManyBeyond(t *T) {
	ss, cs := t.pairs(3)
	reader := ss[0].poll(a(0), "ttl=30000").start().held()
	stream := ss[1].stream("x", a(0)).open().at(1)
	both := ss[2].many(sockets(ss[2].after(0)), "ttl=30000").start().held()
	for _, extra := range []string{"ttl=0", "stream=1"} {
		for wrong := range ss {
			named := []string{ss[0].after(0), ss[1].after(0), ss[2].after(0)}
			named[wrong] = ss[wrong].after(1)
			ss[0].many(sockets(named...), extra).do().fails(400, "bad_request")
			named = append(named, strings.Repeat("A", 22)+":7")
			ss[0].many(sockets(named...), extra).do().fails(400, "bad_request")
		}
	}
	for i, c := range cs {
		c.Text(fmt.Sprint(i))
	}
	reader.wait().has("text 0").at(1)
	stream.has("text 1")
	both.wait().holds(ss[2].sent(1, "text 2"))
	ss[0].many(sockets(ss[0].after(2)), "ttl=0").do().fails(400, "bad_request")
}

func testManyNoSocket(t *T) {
	ss, cs := t.pairs(2)
	none := &socket{t: t, id: strings.Repeat("A", len(ss[0].id)), host: ss[0].host}
	cs[0].Text("one")
	ss[0].waiting(1)
	named := sockets(ss[0].after(0), none.after(5), ss[1].after(0))
	a := ss[0].many(named, "ttl=30000").do().holds(ss[0].sent(1, "text one"), none.missing())
	if a.took > 12*time.Second {
		t.Errorf("%v\n  want: at once", a)
	}
	// At once, though nothing waits.
	if a := ss[0].many(sockets(none.after(0), ss[1].after(0)), "ttl=30000").do().holds(none.missing()); a.took > 12*time.Second {
		t.Errorf("%v\n  want: at once", a)
	}
	ss[0].many(sockets(none.after(0)), "ttl=30000", "cb=f").do().holds(none.missing())
	// In a stream the rest goes on.
	st := ss[0].many(named, "stream=1").open().lacks(none).of(ss[0], 1, "text one").quiet(50 * time.Millisecond)
	cs[1].Text("two")
	st.of(ss[1], 1, "text two")
	ss[0].many(sockets(none.after(3)), "stream=1").open().lacks(none).ends()
}

func testManyEnded(t *T) {
	ss, cs := t.pairs(2)
	cs[0].Text("one")
	cs[0].Close(1000, "")
	ss[0].waiting(2)
	named := func(i int) string { return sockets(ss[1].after(0), ss[0].after(i)) }
	ss[0].many(named(0), "ttl=0").do().holds(ss[0].sent(1, "text one", "close 1000"))
	ss[0].many(named(1), "ttl=0").do().holds(ss[0].sent(2, "close 1000"))
	ss[0].many(named(3), "ttl=0").do().fails(400, "bad_request")
	for range 2 {
		ss[0].many(named(2), "ttl=30000").do().holds(ss[0].missing())
	}
	ss[0].many(named(7), "ttl=30000").do().holds(ss[0].missing()) // it is unknown now
	st := ss[0].many(named(2), "stream=1").open().lacks(ss[0])
	cs[1].Text("goes on")
	st.of(ss[1], 1, "text goes on")
	ss[0].gone()
}
