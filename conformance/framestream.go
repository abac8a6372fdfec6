package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var frameStreamRules = []rule{
	every("x.frames", "to the byte", testFrameBytes),
	every("x.frames", "fragments", testFrameWhole),
	every("x.seq", "with a and without", testFrameSeq),
	every("x.heartbeat", "a ping", testFramePing),
	every("x.close", "codes", testFrameClose),
	every("x.close", "1006", testFrameBroken),
}

// testFrameBytes has payloads of the lengths between which the header changes.
func testFrameBytes(t *T) {
	s, c := t.pair(target.Options{})
	st := s.stream("x", a(0)).open()
	for i, n := range []int{0, 1, 125, 126, 127, 65535, 65536, t.srv.MessageLimit} {
		p := strings.Repeat("\x01", n)
		c.Text(p)
		st.bytes(string(target.Text(p)))
		s.form(a(2*i + 1)).do().is(201)
		c.Binary([]byte(p))
		st.bytes(string(target.Binary([]byte(p))))
		s.form(a(2*i + 2)).do().is(201)
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	c.Binary(all)
	c.Text("é€😀\x00\u2028")
	st.bytes(run(target.Binary(all), target.Text("é€😀\x00\u2028")))
	if got := st.header.Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("x.frames: %v\n  Content-Type: %q", st, got)
	}
}

// testFrameWhole: a message is one frame, in however many it came; pings of the target's are not messages.
func testFrameWhole(t *T) {
	s, c := t.pair(target.Options{})
	st := s.stream("x", a(0)).open()
	c.Raw(
		target.Part(1, false, "one \xc3"), control(target.OpPing, "ping"), target.Part(0, false, ""), control(target.OpPong, "pong"),
		target.Part(0, true, "\xa9"), target.Part(2, false, ""), target.Part(0, true, "two"), control(target.OpPing, "last"), target.Text("three"),
	)
	st.bytes(run(target.Text("one é"), target.Binary([]byte("two")), target.Text("three")))
	c.Close(4001, "end")
	st.bytes(string(target.Close(4001, "end")))
	st.ends()
	s.poll(a(3)).do().has("close 4001 end").at(4)
}

func (st *stream) seq(want int64) *stream {
	st.t.Helper()
	if got := strings.Join(st.header.Values(seqHeader), "; "); got != fmt.Sprint(want) {
		st.t.Errorf("x.seq: %v\n  %s: %q, want %d", st, seqHeader, got, want)
	}
	return st
}

func testFrameSeq(t *T) {
	s, c := t.pair(target.Options{})
	s.stream("x").open().seq(1).cut()
	s.stream("x", a(0)).open().seq(1) // of the next to come
	c.Text("one", "two", "three", "four", "five", "six")
	s.waiting(6)
	s.stream("x", a(0)).open().seq(1).has("text one")
	s.stream("x", a(2)).open().seq(3).has("text three")
	s.stream("x", a(1)).open().seq(3).has("text three") // the highest counts
	s.form(a(3)).do().is(201)
	s.stream("x", a(0), "max=1", "hb=1000").open().seq(4).has("text four", "text five", "text six")
	s.stream("x").open().seq(4).has("text four", "text five", "text six").quiet(50 * time.Millisecond)
	st := s.stream("x").open().seq(7)
	c.Text("seven")
	st.has("text seven")
	s.stream("x", a(0)).open().seq(8)
	c.Close(1000, "")
	s.t.eventually("the close", func() bool { return s.poll(a(7), "ttl=1000").do().messages()[0] == "close 1000" })
	s.stream("x", a(7)).open().seq(8).has("close 1000").ends()
	// A page may read it, in every answer.
	s, _ = t.pair(target.Options{})
	for _, kv := range [][]string{{}, {a(0)}} {
		st := s.stream("x", kv...).from(t.srv.GoodOrigin).open().seq(1)
		(&answer{t: t, ask: st.ask, header: st.header}).corsOfSocket(t.srv.GoodOrigin)
	}
}

func testFramePing(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one")
	s.waiting(1)
	st := s.stream("x", a(0), "hb=1000").unread().flow()
	for i := range 3 {
		if !st.until(patience, func() bool { return len(st.inbox) > 0 }) {
			t.Fatalf("x.heartbeat: %v\n  %s", st, st.state())
		}
		if got := st.inbox[0].raw; !strings.HasPrefix(got, "\x89\x04") || len(got) != 6 {
			t.Errorf("x.heartbeat: %v\n  got: %q, want a ping frame with 4 bytes", st, got)
		}
		if st.beat(); i == 0 {
			st.has("text one")
		}
	}
}

func testFrameClose(t *T) {
	for _, c := range []struct {
		code   int
		reason string
		bytes  string
	}{
		{0, "", "\x88\x00"}, {1000, "", "\x88\x02\x03\xe8"}, {1000, "bye", "\x88\x05\x03\xe8bye"}, {1001, "", "\x88\x02\x03\xe9"},
		{1011, "é", "\x88\x04\x03\xf3é"}, {4999, strings.Repeat("r", 123), "\x88\x7d\x13\x87" + strings.Repeat("r", 123)},
	} {
		t.sub(fmt.Sprint(c.code, c.reason), func(t *T) {
			s, conn := t.pair(target.Options{})
			conn.Close(c.code, c.reason)
			s.waiting(1)
			for range 2 {
				s.stream("x", a(0)).open().bytes(c.bytes).ends()
			}
			s.stream("x").open().bytes(c.bytes).ends()
			s.gone()
		})
	}
}

func testFrameBroken(t *T) {
	s, c := t.pair(target.Options{})
	st := s.stream("x", a(0)).open()
	c.Drop()
	st.bytes("\x88\x02\x03\xee").ends()

	// One that the relay failed has a reason, the same as with /j.
	s, c = t.pair(target.Options{})
	c.Text("before")
	c.Raw([]byte("\x83\x00"))
	s.failed("text before")
	reason := strings.TrimSuffix(strings.TrimPrefix(s.waiting(2).messages()[1], "close 1006 "), " unclean")
	s.stream("x", a(1)).open().bytes(string(target.Close(1006, reason))).ends()
}
