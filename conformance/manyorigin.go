package conformance

import (
	"strings"

	"github.com/polysocket/polysocket/conformance/target"
)

var manyOriginRules = []rule{
	every("m.origin", "of the sockets", testManyOrigin),
	every("m.origin", "of another", testManyOtherOrigin),
	every("m.origin", "steals nothing", testManyTheft),
	every("m.origin", "not bound yet", testManyUnbound),
}

// boundTo opens a socket that is bound to an origin, admitted or not.
func (t *T) boundTo(origin string) (*socket, *target.Conn) {
	t.Helper()
	s, c := t.pair(target.Options{})
	s.poll("ttl=0").from(origin).do().is(200)
	return s, c
}

// cors fails the test unless an answer allows this origin, and says that it depends on it.
func (a *answer) cors(origin string) *answer {
	a.t.Helper()
	if got := a.header.Values(allowOrigin); len(got) != 1 || got[0] != origin {
		a.t.Errorf("m.origin: %v\n  %s: %q, want %q", a, allowOrigin, got, origin)
	}
	if origin != "*" && !a.lists("Vary", "Origin") {
		a.t.Errorf("m.origin: %v\n  Vary: %q, want Origin", a, a.header.Values("Vary"))
	}
	return a
}

func (st *stream) cors(origin string) *stream {
	st.t.Helper()
	(&answer{t: st.t, ask: st.ask, header: st.header, status: 200}).cors(origin)
	return st
}

func testManyOrigin(t *T) {
	good := t.srv.GoodOrigin
	a, ca := t.boundTo(good)
	b, _ := t.boundTo(good)
	ca.Text("one")
	a.waiting(1)
	named := sockets(a.after(0), b.after(0))
	for _, ask := range []func(*ask) *ask{
		func(a *ask) *ask { return a }, // of unknown origin
		func(a *ask) *ask { return a.from(good) },
		func(a *ask) *ask { return a.with("Referer", good+"/page") },
		func(a *ask) *ask { return a.with("Origin", "null") },
	} {
		ask(a.many(named, "ttl=0")).do().holds(a.sent(1, "text one")).cors(good)
		ask(a.many(named, "ttl=0", "cb=f")).do().holds(a.sent(1, "text one")).cors(good)
		ask(a.manyByForm(named, "ttl=0")).do().holds(a.sent(1, "text one")).cors(good)
		ask(a.many(named, "stream=1")).open().cors(good).of(a, 1, "text one")
	}
	// An answer that concerns no socket allows every page.
	none := &socket{t: t, id: strings.Repeat("A", len(a.id)), host: a.host}
	none.many(sockets(none.after(0)), "ttl=0").from(good).do().holds(none.missing()).cors("*")
	none.many(sockets(none.after(0)), "stream=1").open().cors("*").lacks(none).ends()
	a.many("ttl=0").from(good).do().fails(400, "bad_request").cors("*")
	// One that is not there in front does not hide the rest.
	a.many(sockets(none.after(0), a.after(0)), "ttl=0").do().holds(none.missing(), a.sent(1, "text one")).cors(good)
}

func testManyOtherOrigin(t *T) {
	good := t.srv.GoodOrigin
	ours, c1 := t.boundTo(good)
	theirs, c2 := t.boundTo(strange)
	c1.Text("ours")
	c2.Text("theirs")
	ours.waiting(1)
	theirs.waiting(1)
	one, two := ours.sent(1, "text ours"), theirs.sent(1, "text theirs")
	both, turned := sockets(ours.after(0), theirs.after(0)), sockets(theirs.after(0), ours.after(0))
	for _, c := range []struct {
		named, from, cors string
		holds             []string
	}{
		{both, "", good, []string{one, theirs.missing()}}, // the first that is bound says whose answer it is
		{turned, "", strange, []string{two, ours.missing()}},
		{both, good, good, []string{one, theirs.missing()}},
		{turned, good, good, []string{one, theirs.missing()}},
		{both, strange, strange, []string{two, ours.missing()}},
		{turned, "null", strange, []string{two, ours.missing()}},
		{sockets(ours.after(0), theirs.after(9)), "", good, []string{one, theirs.missing()}}, // nor is it told what was sent
		{sockets(theirs.after(9), ours.after(0)), good, good, []string{one, theirs.missing()}},
	} {
		ours.many(c.named, "ttl=30000").from(c.from).do().holds(c.holds...).cors(c.cors)
		st := ours.many(c.named, "stream=1").from(c.from).open().cors(c.cors)
		for s, want := range map[*socket]string{ours: "ours", theirs: "theirs"} {
			if c.holds[0] == s.sent(1, "text "+want) {
				st.of(s, 1, "text "+want)
			} else {
				st.lacks(s)
			}
		}
	}
}

// testManyTheft: a read that may not have a socket takes it from no one, and acknowledges nothing.
func testManyTheft(t *T) {
	good := t.srv.GoodOrigin
	ours, c1 := t.boundTo(good)
	theirs, _ := t.boundTo(strange)
	c1.Text("one")
	ours.waiting(1)
	reader := ours.poll(a(1), "ttl=30000").start().held()
	for _, kv := range [][]string{{"ttl=0"}, {"stream=1"}} {
		for _, ask := range []*ask{
			ours.many(append(kv, sockets(ours.after(1)))...).from(strange),
			ours.many(append(kv, sockets(theirs.after(0), ours.after(1)))...),
			ours.manyByForm(append(kv, sockets(ours.after(1), theirs.after(0)))...).from(strange),
		} {
			if kv[0] == "stream=1" {
				ask.open().lacks(ours).cut()
				continue
			}
			ask.do().holds(ours.missing())
		}
	}
	reader.held()
	c1.Text("two")
	reader.wait().has("text two").at(2)
}

// testManyUnbound: the first known origin that comes with a socket's id is its own from then on.
func testManyUnbound(t *T) {
	good := t.srv.GoodOrigin
	free, _ := t.pair(target.Options{})
	later, _ := t.pair(target.Options{})
	bound, c := t.boundTo(good)
	c.Text("one")
	bound.waiting(1)
	free.many(sockets(free.after(0), later.after(0)), "ttl=0").do().holds().cors("*")
	free.many(sockets(free.after(0), bound.after(0)), "ttl=0").do().holds(bound.sent(1, "text one")).cors(good)
	free.many(sockets(free.after(0), bound.after(0)), "ttl=0").from(good).do().holds(bound.sent(1, "text one")).cors(good)
	free.poll("ttl=0").from(strange).do().fails(403, "no_socket") // it is good's now
	later.many(sockets(later.after(0), bound.after(0)), "ttl=0").from(strange).do().holds(bound.missing()).cors(strange)
	later.poll("ttl=0").from(good).do().fails(403, "no_socket")
}
