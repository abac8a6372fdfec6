package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var supersedeRules = []rule{
	every("stream.superseded", "by every kind of read", testStreamSuperseded),
	every("stream.superseded", "in a flood", testSupersededMidway),
	every("stream.superseded", "in a flood, without a", testSupersededFree),
	every("stream.superseded", "stuck", testSupersededStuck),
	every("stream.superseded", "stuck, with a", testManyStuck),
	every("stream.superseded", "not by an error", testStreamNotSuperseded),
	every("poll.superseded", "by a stream", testPollSuperseded),
}

// testStreamSuperseded has each kind of read take the place of each other.
func testStreamSuperseded(t *T) {
	for name, older := range reads {
		t.sub(name, func(t *T) {
			t.Parallel()
			s, c := t.pair(target.Options{})
			next := 0
			for name, newer := range reads {
				first, second := older(s, next), newer(s, next)
				first.superseded()
				text := fmt.Sprint(next, " for ", name)
				c.Text(text)
				second.brings("text " + text)
				next++
			}
		})
	}
}

// testSupersededMidway takes the place of a stream in whose middle messages are.
func testSupersededMidway(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		next := 0
		c.Flood(40*len(carriers)*2, numbered)
		for i := range 2 * len(carriers) {
			st := s.stream(carrier, a(next)).open().at(int64(next + 1))
			newer := s.stream(carriers[i%len(carriers)], a(next)).open().at(int64(next + 1))
			st.drained(next)
			for i := range 5 { // all of them again
				m, ok := newer.take("", patience)
				if !ok {
					t.Fatalf("stream.superseded: %v\n  after %d messages: %s", newer, i, newer.state())
				}
				newer.flood(m, next+i)
			}
			next += 5
			newer.cut()
		}
	})
}

// drained reads a flood on to the stream's end, and returns how far that is.
func (st *stream) drained(next int) int {
	st.t.Helper()
	for {
		m, ok := st.take("", patience)
		if !ok {
			break
		}
		if m.text == "superseded" {
			continue
		}
		st.flood(m, next)
		next++
	}
	st.over()
	return next
}

// testSupersededFree: what one was sent in whole is not lost, and not sent again.
func testSupersededFree(t *T) {
	s, c := t.pair(target.Options{})
	const count = 12 << 20 / block
	c.Flood(count, numbered)
	st, next := s.stream("x").open(), 0
	for i := range 20 {
		newer := s.stream(carriers[i%2]).open()
		next = st.drained(next)
		st = newer
	}
	for ; next < count; next++ {
		m, ok := st.take("", patience)
		if !ok {
			t.Fatalf("stream.superseded: %v\n  after %d messages: %s", st, next, st.state())
		}
		st.flood(m, next)
	}
}

// testSupersededStuck has a client that reads nothing of what it asked for, and asks again.
func testSupersededStuck(t *T) {
	for _, carrier := range []string{"x", "e"} { // without a, so that they are sent more than the bound
		t.sub(carrier, func(t *T) {
			t.Parallel()
			s, c := t.pair(target.Options{})
			narrow := s.on(t.narrow())
			stuck := narrow.stream(carrier).unread()
			const flood = (kernel + 20<<20) / block
			c.Flood(flood, numbered)
			if c.Settled(time.Second) == flood {
				t.Fatalf("stream.superseded: %v\n  the relay took %d MiB for a stream that no one reads", stuck, flood*block>>20)
			}
			for _, newer := range carriers {
				st := s.stream(newer, a(0)).open()
				first := 0
				for i := range 5 {
					m, ok := st.take("", patience)
					if !ok {
						t.Fatalf("stream.superseded: %v\n  after a stream that is stuck, and %d messages: %s", st, i, st.state())
					}
					if i == 0 {
						first = int(m.seq)
					}
					st.flood(m, first-1+i)
				}
				stuck.flow().upTo(first - 1)
				stuck = narrow.stream(carrier).unread()
				c.Settled(500 * time.Millisecond)
			}
		})
	}
}

// testManyStuck has so many sockets in one stream that it is stuck before each has sent what it may.
func testManyStuck(t *T) {
	const count = 12
	ss, cs := t.pairs(count)
	text := strings.Repeat("x", min(900<<10, t.srv.MessageLimit-10))
	var named []string
	for i, s := range ss {
		cs[i].Text(fmt.Sprint(i, text))
		named = append(named, s.after(0))
	}
	stuck := ss[0].on(t.narrow()).many(sockets(named...), "stream=1").unread()
	half := ss[0].many(sockets(named[:count/2]...), "stream=1").open()
	for i, s := range ss {
		want := fmt.Sprint("text ", i, text)
		switch {
		case i < count/2:
			half.of(s, 1, want)
		case i%3 == 0:
			s.poll(a(0), "ttl=20000").do().has(want).at(1)
		default:
			s.stream(carriers[i%2], a(0)).open().at(1).has(want)
		}
	}
	stuck.flow()
	if !stuck.until(patience, func() bool { return stuck.sort() != nil }) {
		t.Errorf("stream.superseded: %v\n  %s, want an end, as all of its sockets have left it", stuck, stuck.state())
	}
}

// upTo reads what is left of a stream that was cut or ended: messages on from the first, and none beyond the last.
func (st *stream) upTo(last int) {
	st.t.Helper()
	for {
		m, ok := st.take("", patience)
		if !ok {
			break
		}
		if m.text == "superseded" {
			continue
		}
		if st.flood(m, int(m.seq)-1); m.seq > int64(last) {
			st.t.Fatalf("stream.superseded: %v\n  sent message %d, which the newer read was sent too", st, m.seq)
		}
	}
	if st.sort() == nil {
		st.t.Fatalf("stream.superseded: %v\n  %s, want an end", st, st.state())
	}
	st.cut()
}

func testStreamNotSuperseded(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		s.poll("ttl=0").from(t.srv.GoodOrigin).do().is(200) // binds the socket's origin
		st := s.stream(carrier, a(0)).open().at(1)
		for _, endpoint := range []string{"x", "e", "m"} {
			s.stream(endpoint, "hb=x").do().fails(400, "bad_request")
			s.stream(endpoint, "max=x").do().fails(400, "bad_request")
			s.stream(endpoint, a(7)).do().fails(400, "bad_request")
			s.stream(endpoint).claiming("other.example").do().is(421)
		}
		s.stream("e").with("Last-Event-ID", "x").do().fails(400, "bad_request")
		s.stream("e").with("Last-Event-ID", "1").do().fails(400, "bad_request")
		s.stream("m", "cb=f").do().fails(400, "bad_request")
		s.many(sockets(s.after(7)), "ttl=0").do().fails(400, "bad_request")
		s.many(sockets(s.after(0), s.after(0)), "ttl=0").do().fails(400, "bad_request")
		s.poll("ttl=x").do().fails(400, "bad_request")
		s.poll(a(7)).do().fails(400, "bad_request")
		s.t.request("HEAD", s.path("x")).to(s.host).do().is(405)
		s.t.request("POST", s.path("e")).to(s.host).do().is(405)
		s.t.request("PUT", "/m", sockets(s.after(0))).to(s.host).do().is(405)
		for _, theft := range []*ask{s.stream("x"), s.stream("e"), s.poll("ttl=0")} {
			theft.from(strange).do().fails(403, "no_socket")
		}
		s.many(sockets(s.after(0)), "ttl=0").from(strange).do().holds(s.missing())
		s.stream("m").from(strange).open().lacks(s).ends()
		c.Text("still here")
		st.has("text still here")
	})
}

func testPollSuperseded(t *T) {
	s, c := t.pair(target.Options{})
	for i, carrier := range carriers {
		p := s.poll(a(i), "ttl=30000", "cb=f").start().held()
		st := s.stream(carrier, a(i)).open().at(int64(i + 1))
		if ans := p.wait().has(); ans.cb != "f" {
			t.Errorf("%v\n  want: JSONP", ans)
		}
		c.Text(carrier)
		st.has("text " + carrier)
	}
}
