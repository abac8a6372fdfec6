package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var pollRules = []rule{
	every("poll.ttl", "waits", testTTL),
	on("poll.ttl", "left out", testDefaultTTL, long),
	every("poll.max", "KiB", testMax),
	every("poll.data", "at once and later", testPollData),
	every("poll.size", "64 KiB", testPollSize),
	every("poll.close", "codes", testPollClose),
	on("poll.close", "broken", testPollBroken),
	every("poll.no_socket", "unknown and read", testPollNoSocket),
}

func testTTL(t *T) {
	s, _ := t.pair(target.Options{})
	if a := s.poll("ttl=0").do().has("heartbeat"); a.took > 12*time.Second {
		t.Errorf("%v\n  want: at once", a)
	}
	for _, ttl := range []time.Duration{300 * time.Millisecond, 1200 * time.Millisecond} {
		a := s.poll(fmt.Sprint("ttl=", ttl.Milliseconds())).do().has("heartbeat")
		if a.took < ttl-20*time.Millisecond || a.took > ttl+10*time.Second {
			t.Errorf("%v\n  want: after %v", a, ttl)
		}
	}
	s.poll("ttl=60001").start().held()
}

func testDefaultTTL(t *T) {
	s, _ := t.pair(target.Options{})
	a := s.poll().start().waitFor(60 * time.Second).has("heartbeat")
	if a.took < 24*time.Second || a.took > 45*time.Second {
		t.Errorf("%v\n  want: after 25 s", a)
	}
}

func testMax(t *T) {
	s, c := t.pair(target.Options{})
	var all []string
	for i := range 5 {
		m := fmt.Sprint(i) + strings.Repeat("x", 699)
		c.Text(m)
		all = append(all, "text "+m)
	}
	s.waiting(5).has(all...)
	s.poll("a=0", "max=0").do().has(all[:1]...)
	s.poll("a=0", "max=1").do().has(all[:2]...)
	s.poll("a=0", "max=2").do().has(all[:3]...)
	s.poll("a=0", "max=63").do().has(all...)
	s.poll("a=0", "max=1000000").do().has(all...)
	s.poll("a=2", "max=1").do().has(all[2:4]...).at(3)
	// Without a, what is left out is not lost.
	s.poll("max=1").do().has(all[2:4]...)
	s.poll("max=1").do().has(all[4:]...)
}

func testPollData(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("waits")
	s.waiting(1)
	if a := s.poll("a=0", "ttl=30000").do().has("text waits"); a.took > 12*time.Second {
		t.Errorf("%v\n  want: at once", a)
	}
	p := s.poll("a=1", "ttl=30000").start().held()
	c.Text("é<\u2028>\"\\\x00\x1f😀")
	a := p.wait().has("text é<\u2028>\"\\\x00\x1f😀")
	if a.at(2); a.took > 12*time.Second {
		t.Errorf("%v\n  want: when it arrives", a)
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Errorf("%v\n  Content-Type: %q", a, a.header.Get("Content-Type"))
	}
	c.Binary([]byte{0xfb, 0xff, 0x00, 0x01})
	c.Text("")
	c.Binary(nil)
	s.seen = 2
	s.expect("binary +/8AAQ==", "text ", "binary ")
	c.Raw(target.Part(1, false, "a"), control(target.OpPing, "between"), target.Part(0, false, ""), target.Part(0, true, "b"))
	s.expect("text ab")
}

func testPollSize(t *T) {
	s, c := t.pair(target.Options{})
	var all []string
	for i := range 8 {
		m := fmt.Sprint(i) + strings.Repeat("x", 20<<10)
		c.Text(m)
		all = append(all, "text "+m)
	}
	// 3 of them are below 64 KiB, 4 above. That all have come is seen from the last.
	s.waiting(4)
	s.poll("a=0").do().has(all[:4]...)
	s.expect(all[:4]...)
	if t.srv.BufferLimit >= 128<<10 {
		t.eventually("4 more", func() bool { return len(s.poll("a=4", "ttl=50").do().messages()) == 4 })
		s.poll("a=4", "max=10000").do().has(all[4:]...)
	}
	s.expect(all[4:]...)

	big := strings.Repeat("b", t.srv.MessageLimit-10)
	c.Text(big)
	c.Text("small")
	s.poll("a=8", "ttl=20000").do().has("text " + big)
	s.poll("a=8").do().has("text " + big) // alone, also where more waits
	s.expect("text "+big, "text small")
}

func testPollClose(t *T) {
	for _, c := range []struct {
		code   int
		reason string
		want   string
	}{
		{0, "", "close 1005"}, {1000, "", "close 1000"}, {1000, "<bye> \u2028", "close 1000 <bye> \u2028"}, {1001, "", "close 1001"},
		{1011, "oops", "close 1011 oops"}, {3000, "", "close 3000"}, {4999, strings.Repeat("r", 123), "close 4999 " + strings.Repeat("r", 123)},
	} {
		t.sub(fmt.Sprint(c.code, c.reason), func(t *T) {
			s, conn := t.pair(target.Options{})
			conn.Text("last")
			conn.Close(c.code, c.reason)
			if !conn.Ended(target.Patience) {
				t.Error("poll.close: the relay does not answer the target's Close")
			}
			s.waiting(2).has("text last", c.want)
			s.poll().do().has("text last", c.want)
			s.gone()
		})
	}
}

func testPollBroken(t *T) {
	s, c := t.pair(target.Options{})
	p := s.poll("ttl=30000").start().held()
	c.Drop()
	p.wait().has("close 1006 unclean")
	s.gone()

	// Frames that RFC 6455 forbids fail the connection.
	for what, bad := range map[string]string{
		"a reserved bit": "\xc1\x00", "a reserved opcode": "\x83\x00", "a masked frame": "\x81\x81\x00\x00\x00\x00x",
		"a long ping": "\x89\x7e\x00\x7e" + strings.Repeat("x", 126), "a fragmented ping": "\x09\x00",
		"a continuation of nothing": "\x80\x00", "a Close of one byte": "\x88\x01\x03",
	} {
		t.sub(what, func(t *T) {
			s, c := t.pair(target.Options{})
			c.Text("before")
			c.Raw([]byte(bad))
			a := s.waiting(2)
			if got := a.messages(); len(got) != 2 || !strings.HasPrefix(got[1], "close 1006") && !strings.HasPrefix(got[1], "close 1002") {
				t.Errorf("%v\n  want: a close, 1006 unclean", a)
			}
		})
	}
}

func testPollNoSocket(t *T) {
	for _, id := range []string{"none", strings.Repeat("A", 22), strings.Repeat("x", 300)} {
		t.get("/j/"+id, "ttl=30000").do().fails(403, "no_socket")
		t.get("/j/"+id, "ttl=0", "a=0").do().fails(403, "no_socket")
		t.get("/j/"+id, "cb=f").do().fails(403, "no_socket")
	}
	s, c := t.pair(target.Options{})
	c.Close(1000, "")
	s.poll("ttl=30000").do().has("close 1000")
	s.poll("ttl=30000").do().fails(403, "no_socket")
	s.poll("ttl=0", "a=0").do().fails(403, "no_socket")
}
