package conformance

import (
	"fmt"
	"strings"

	"github.com/polysocket/polysocket/conformance/target"
)

var eventRules = []rule{
	every("e.message", "as in /j", testEvents),
	every("e.message", "the close", testEventClose),
	every("e.heartbeat", "a comment", testEventComment),
	every("e.heartbeat", "for a script", testEventHeartbeat),
	every("e.last-event-id", "counts as a", testLastEventID),
	every("e.last-event-id", "malformed", testLastEventIDMalformed),
	every("e.last-event-id", "an EventSource", testEventSource),
}

const lastEventID = "Last-Event-ID"

// testEvents: each message of an event stream is held to the rule's form to the byte, by readEvent.
func testEvents(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one", "two\nlines\r\nand\rthree\n\n", "é<\u2028\u2029>\"\\\x00😀", "", "id: 7\ndata: x\n\n:")
	c.Binary([]byte{0xfb, 0xff, 0x00, 0x01})
	c.Binary(nil)
	want := s.waiting(7).messages()
	for _, kv := range [][]string{{a(0)}, {a(0), "hb=60000"}, {}} {
		s.stream("e", kv...).open().at(1).has(want...)
	}
	st := s.stream("e").open().at(8)
	c.Raw(target.Part(1, false, "in "), target.Part(0, true, "parts"))
	c.Text("nine")
	st.has("text in parts", "text nine")
	if got := st.header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("e.message: %v\n  Content-Type: %q", st, got)
	}
}

func testEventClose(t *T) {
	for code, reason := range map[int]string{0: "", 1000: "bye <\u2028>\n\n", 4000: strings.Repeat("r", 123)} {
		s, c := t.pair(target.Options{})
		c.Text("one")
		c.Close(code, reason)
		want := s.waiting(2).messages()
		s.stream("e", a(0)).open().at(1).has(want...).ends()
		s.stream("e", a(1), "hb=1000").open().at(2).has(want[1]).ends()
	}
	s, c := t.pair(target.Options{})
	st := s.stream("e").open().at(1)
	c.Drop()
	st.has("close 1006 unclean").ends()
}

// beatAs fails the test unless a heartbeat is next, in these bytes.
func (st *stream) beatAs(what string, is func(raw string) bool) {
	st.t.Helper()
	st.until(patience, func() bool { return len(st.inbox) > 0 })
	if len(st.inbox) == 0 || !is(st.inbox[0].raw) {
		st.t.Errorf("e.heartbeat: %v\n  got: %+v, %s; want %s", st, st.inbox, st.state(), what)
	}
	st.beat()
}

func testEventComment(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one")
	s.waiting(1)
	st := s.stream("e", a(0)).unread().flow()
	st.beatAs("a comment", func(raw string) bool { return raw[0] == ':' })
	st.at(1).has("text one")
}

func testEventHeartbeat(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one")
	s.waiting(1)
	st := s.stream("e", a(0), "hb=0").unread().flow()
	for i := range 3 {
		st.beatAs(beats, func(raw string) bool { return raw == beats })
		if i == 0 {
			st.at(1).has("text one")
		}
	}
}

func testLastEventID(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one", "two", "three", "four", "five")
	s.waiting(5)
	for i, ask := range []*ask{
		s.stream("e").with(lastEventID, "0"),
		s.stream("e").with(lastEventID, "1"),
		s.stream("e", a(0)).with(lastEventID, "2"),
		s.stream("e", a(3)).with(lastEventID, "1"),
		s.stream("e", a(4)).with(lastEventID, "000000000000004"),
	} {
		want := []string{"text one", "text two", "text three", "text four", "text five"}[i:]
		ask.open().at(int64(i + 1)).has(want...)
		s.poll(a(0)).do().has(want...).at(int64(i + 1)) // that was acknowledged, and no more
	}
	// Elsewhere it is nothing.
	s.poll("ttl=0", a(0)).with(lastEventID, "5").do().has("text five").at(5)
	s.stream("x").with(lastEventID, "x").open().at(5).has("text five")
	s.poll("ttl=0", a(0)).with(lastEventID, "x").do().has("heartbeat").at(6)
}

func testLastEventIDMalformed(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one")
	s.waiting(1)
	st := s.stream("e", a(0)).open().at(1).has("text one")
	for _, bad := range []string{"x", "-1", "+1", "1.0", "1 1", "1,1", "0x1", "1e0", "0000000000000001", "2", "999999999999999"} {
		s.stream("e").with(lastEventID, bad).do().fails(400, "bad_request")
		s.stream("e", a(1)).with(lastEventID, bad).do().fails(400, "bad_request")
	}
	s.stream("e", a(2)).with(lastEventID, "1").do().fails(400, "bad_request")
	c.Text("two")
	st.has("text two")
}

// testEventSource connects again as a browser's EventSource does: to the same URL, with the last id that it saw.
func testEventSource(t *T) {
	s, c := t.pair(target.Options{})
	last := 0
	connect := func() *ask {
		e := s.stream("e", "hb=5000", a(0), "max=1").with("Accept", "text/event-stream")
		if last > 0 {
			e.with(lastEventID, fmt.Sprint(last))
		}
		return e
	}
	for round := range 4 {
		st := connect().open().at(int64(last + 1))
		c.Text(padded(last))
		st.has("text " + padded(last))
		if last++; round%2 == 0 {
			c.Text(padded(last))
			st.has("text " + padded(last)).ends()
			last++
		} else {
			st.cut()
		}
	}
	c.Close(1000, "done")
	connect().open().at(int64(last + 1)).has("close 1000 done").ends()
	last++
	connect().do().fails(403, "no_socket") // which ends an EventSource
}
