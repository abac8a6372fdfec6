package conformance

import (
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var streamGraceRules = []rule{
	on("bound.grace", "a stream", testGraceStream, short("grace", grace)),
	on("bound.grace", "a stream that is stuck", testGraceStuck, short("grace", grace)),
	on("bound.grace", "a read of many", testGraceMany, short("grace", grace)),
	on("bound.grace", "a body that is open", testGraceBody, short("grace", grace)),
}

// testGraceStream keeps a stream open for longer than the period, without a heartbeat in it.
func testGraceStream(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		st := s.stream(carrier, a(0)).open().at(1).silent(t.srv.Grace + 2*time.Second)
		c.Text("alive")
		st.has("text alive")
		st.cut()
		t.away(c, time.Now(), t.srv.Grace)
	})
}

// testGraceStuck: a response whose writes do not go through is no request any more.
func testGraceStuck(t *T) {
	s, c := t.pair(target.Options{})
	s.on(t.narrow()).stream("x").unread()
	c.Flood((kernel+20<<20)/block, numbered)
	c.Settled(time.Second)
	if e := c.NextWithin(t.srv.Grace + 20*time.Second); e.Kind != target.KindClose || e.Code != 1001 {
		t.Errorf("bound.grace: while a stream was stuck the target saw %q, want close 1001", clip(e.String()))
	}
}

// testGraceMany has a read of many keep each of its sockets.
func testGraceMany(t *T) {
	ss, cs := t.pairs(2)
	st := ss[0].many(sockets(ss[0].after(0), ss[1].after(0)), "stream=1").open().silent(t.srv.Grace + 2*time.Second)
	for i, c := range cs {
		c.Text("alive")
		st.of(ss[i], 1, "text alive")
	}
	// The one that leaves it is on its own.
	ss[1].poll("ttl=0", a(1)).do().has("heartbeat")
	t.away(cs[1], time.Now(), t.srv.Grace)
	cs[0].Text("still")
	st.of(ss[0], 2, "text still")
	st.cut()
	t.away(cs[0], time.Now(), t.srv.Grace)
}

func testGraceBody(t *T) {
	s, c := t.pair(target.Options{})
	u := s.upload([]string{run(target.Text("one")), run(target.Text("two"))}).next()
	c.Saw("text one")
	u.withheld(t.srv.Grace + 2*time.Second)
	u.next()
	c.Saw("text two")
	u.end().is(201)
	t.away(c, time.Now(), t.srv.Grace)
}
