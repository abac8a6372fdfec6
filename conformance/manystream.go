package conformance

import (
	"fmt"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var manyStreamRules = []rule{
	every("m.stream", "values", testManyStreamValues),
	every("m.stream", "lines", testManyStream),
	every("m.superseded", "a long poll", testManySuperseded),
	every("m.superseded", "a stream", testManyStreamSuperseded),
	every("m.superseded", "by another of many", testManyByMany),
	every("m.close", "leaves", testManyClose),
	every("stream.ack", "the bound of one", testManyBound),
}

func testManyStreamValues(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one")
	s.waiting(1)
	named := sockets(s.after(0))
	s.many(named, "stream=0").do().holds(s.sent(1, "text one"))
	s.many(named, "stream=0", "cb=f").do().holds(s.sent(1, "text one"))
	for _, bad := range []string{"", "2", "-1", "01", "x", "true", "1 "} {
		s.many(named, "ttl=0", "stream="+bad).do().fails(400, "bad_request").names("stream")
		s.manyByForm(named, "ttl=0", "stream="+bad).do().fails(400, "bad_request").names("stream")
	}
	s.many(named, "stream=1", "cb=f").do().fails(400, "bad_request")
	s.manyByForm(named, "stream=1", "cb=f").do().fails(400, "bad_request")
	s.many(named, "stream=1", "cb=f").with("Referer", t.srv.GoodOrigin+"/").do().fails(400, "bad_request")
	s.many(named, "stream=1").open().at(1).has("text one")
}

func testManyStream(t *T) {
	ss, cs := t.pairs(3)
	cs[0].Text("a1", "a2", "a3")
	ss[0].waiting(3)
	st := ss[0].many(sockets(ss[0].after(1), ss[1].after(0), ss[2].after(0)), "stream=1", "hb=1000").open()
	st.of(ss[0], 2, "text a2", "text a3")
	for i := range 3 {
		for k, c := range cs[1:] {
			c.Text(fmt.Sprint(k, i))
			st.of(ss[k+1], int64(i+1), fmt.Sprint("text ", k, i))
		}
	}
	st.beat()
	cs[0].Text("a4")
	st.of(ss[0], 4, "text a4")
	st.cut()
	// Nothing of it is acknowledged but by the next.
	st = ss[0].many(sockets(ss[2].after(2), ss[0].after(1)), "stream=1").open()
	st.of(ss[2], 3, "text 1 2").of(ss[0], 2, "text a2", "text a3", "text a4").quiet(50 * time.Millisecond)
	ss[1].poll(a(0)).do().has("text 0 0", "text 0 1", "text 0 2").at(1)
	ss[2].poll(a(0)).do().has("text 1 2").at(3)
	st.of(ss[2], 0, "superseded").quiet(50 * time.Millisecond)
}

func testManySuperseded(t *T) {
	ss, cs := t.pairs(3)
	all := sockets(ss[0].after(0), ss[1].after(0), ss[2].after(0))
	p := ss[0].many(all, "ttl=30000").start().held()
	newer := ss[0].poll(a(0), "ttl=30000").start().held()
	cs[0].Text("for the newer")
	newer.wait().has("text for the newer")
	st := ss[1].stream("x", a(0)).open()
	cs[1].Text("for the stream")
	st.has("text for the stream")
	p.held() // the rest goes on
	cs[2].Text("for the older")
	p.wait().holds(ss[2].sent(1, "text for the older"))

	// With the last of its sockets it ends.
	p = ss[0].many(sockets(ss[0].after(1), ss[1].after(1)), "ttl=30000", "cb=f").start().held()
	st.ends()
	ss[1].stream("e", a(1)).open().quiet(50 * time.Millisecond)
	p.held()
	newer = ss[0].poll(a(1), "ttl=30000").start()
	if ans := p.wait().holds(); ans.cb != "f" || ans.took > 12*time.Second {
		t.Errorf("%v\n  want: JSONP, at once", ans)
	}
	cs[0].Text("for the newest")
	newer.wait().has("text for the newest").at(2)
}

func testManyStreamSuperseded(t *T) {
	ss, cs := t.pairs(3)
	st := ss[0].many(sockets(ss[0].after(0), ss[1].after(0), ss[2].after(0)), "stream=1").open()
	cs[0].Text("before")
	st.of(ss[0], 1, "text before")
	p := ss[0].poll(a(1), "ttl=30000").start().held()
	cs[0].Text("after")
	p.wait().has("text after").at(2)
	st.of(ss[0], 0, "superseded").quiet(100 * time.Millisecond) // that socket has left it
	cs[1].Text("one")
	st.of(ss[1], 1, "text one")
	event := ss[1].stream("e", a(1)).open().at(2)
	cs[1].Text("two")
	event.has("text two")
	st.of(ss[1], 0, "superseded").quiet(50 * time.Millisecond)
	cs[2].Text("three")
	st.of(ss[2], 1, "text three")
	ss[2].many(sockets(ss[2].after(1)), "ttl=0").do().holds()
	st.of(ss[2], 0, "superseded").ends()
	cs[1].Text("four")
	event.has("text four")
}

func testManyByMany(t *T) {
	ss, cs := t.pairs(3)
	for _, kind := range []string{"zzz=", "stream=1"} {
		older := ss[0].many(sockets(ss[0].after(0), ss[1].after(0)), "ttl=30000").start().held()
		newer := ss[0].many(sockets(ss[1].after(0), ss[2].after(0)), "ttl=30000", kind)
		if kind == "stream=1" {
			st := newer.open()
			cs[1].Text("middle")
			st.of(ss[1], 2, "text middle")
			older.held()
			cs[0].Text("last")
			older.wait().holds(ss[0].sent(2, "text last"))
			again := ss[0].many(sockets(ss[2].after(0), ss[1].after(2)), "stream=1").open()
			st.ends()
			cs[2].Text("third")
			again.of(ss[2], 1, "text third").quiet(50 * time.Millisecond)
			continue
		}
		p := newer.start().held()
		cs[0].Text("first")
		older.wait().holds(ss[0].sent(1, "text first"))
		cs[1].Text("middle")
		p.wait().holds(ss[1].sent(1, "text middle"))
		ss[0].form(a(1)).do().is(201)
		ss[1].form(a(1)).do().is(201)
		// All of its sockets, by another that has them all.
		p = ss[0].many(sockets(ss[0].after(1), ss[1].after(1)), "ttl=30000").start().held()
		ss[0].many(sockets(ss[1].after(1), ss[0].after(1)), "ttl=0").do().holds()
		p.wait().holds()
	}
}

func testManyClose(t *T) {
	ss, cs := t.pairs(3)
	st := ss[0].many(sockets(ss[0].after(0), ss[1].after(0), ss[2].after(0)), "stream=1").open()
	cs[0].Text("last")
	cs[0].Close(4000, "bye")
	st.of(ss[0], 1, "text last", "close 4000 bye").quiet(50 * time.Millisecond)
	cs[1].Text("goes on")
	st.of(ss[1], 1, "text goes on")
	ss[0].form(a(2)).do().fails(403, "no_socket") // it has left: that is said once
	cs[1].Drop()
	st.of(ss[1], 2, "close 1006 unclean").quiet(50 * time.Millisecond)
	ss[2].form("t=c", "code=1000").do().is(201, 403)
	st.of(ss[2], 1, "close 1000").ends()
	// Each is kept until it is acknowledged.
	ss[1].many(sockets(ss[1].after(0), ss[2].after(0)), "ttl=0").do().
		holds(ss[1].sent(1, "text goes on", "close 1006 unclean"), ss[2].sent(1, "close 1000"))
}

// testManyBound: a socket that waits at its bound holds up no other.
func testManyBound(t *T) {
	ss, cs := t.pairs(2)
	atBound := t.srv.BufferLimit/block + 2
	count := 3 * atBound
	cs[0].Flood(count, numbered)
	st := ss[0].many(sockets(ss[0].after(0), ss[1].after(0)), "stream=1").open()
	other := 0
	for read := 0; read < count; {
		got := st.flooded(read, count)
		if got == read || got > read+atBound {
			t.Fatalf("stream.ack: %v\n  after the acknowledgement of %d messages of %d KiB came %d, want about the bound", st, read, block>>10, got-read)
		}
		cs[1].Text(fmt.Sprint(other))
		other++
		st.of(ss[1], int64(other), fmt.Sprint("text ", other-1))
		ss[0].form(a(got)).do().is(201)
		read = got
	}
}
