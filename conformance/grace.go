package conformance

import (
	"fmt"
	"io"
	"net"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var graceRules = []rule{
	on("bound.grace", "before the first request", testFirstClock),
	on("bound.grace", "the first is not the last", testSecondClock, ample("grace", grace)),
	on("bound.grace", "after the last request", testGrace, short("grace", grace)),
	on("bound.grace", "an open request", testGraceOpen, short("grace", grace)),
	on("bound.grace", "any request", testGraceAny, short("grace", grace)),
	on("bound.grace", "a big answer", testGraceAnswer, plain, short("grace", grace)),
}

// away waits for the target to see the close of a client that went away, and fails the test unless it does so after d,
// counted from since.
func (t *T) away(c *target.Conn, since time.Time, d time.Duration) {
	t.Helper()
	for {
		e := c.NextWithin(d + 20*time.Second)
		if e.Kind == target.KindText || e.Kind == target.KindBinary {
			continue
		}
		if e.Kind != target.KindClose || e.Code != 1001 {
			t.Fatalf("bound.grace: the target saw %q, want close 1001", clip(e.String()))
		}
		if got := e.At.Sub(since); got < d*9/10 || got > d+max(d/2, 3*time.Second) {
			t.Errorf("bound.grace: the target saw close 1001 after %v, want %v", got.Round(time.Millisecond), d)
		}
		return
	}
}

func testFirstClock(t *T) {
	s, c := t.pair(target.Options{})
	t.away(c, time.Now(), min(10*time.Second, t.srv.Grace))
	s.poll("ttl=0").do().is(403, 200) // gone, or its close may be read still
}

func testSecondClock(t *T) {
	if t.srv.Grace < 20*time.Second {
		t.Skip("the grace period is not much longer than 10 s")
	}
	s, c := t.pair(target.Options{})
	s.poll("ttl=0").do().is(200)
	c.Quiet(14 * time.Second) // the first clock is stopped by the first request
	s.form("t=t", "d=alive").do().is(201)
	c.Saw("text alive")
}

func testGrace(t *T) {
	for what, ask := range map[string]func(*socket) *ask{
		"a read": func(s *socket) *ask { return s.poll("ttl=0") },
		"a send": func(s *socket) *ask { return s.form("t=t", "d=x") },
		"an ack": func(s *socket) *ask { return s.form("a=0") },
	} {
		t.sub(what, func(t *T) {
			t.Parallel()
			s, c := t.pair(target.Options{})
			ask(s).do().is(200, 201)
			t.away(c, time.Now(), t.srv.Grace)
		})
	}
}

// testGraceOpen keeps a request open for longer than the period, which is counted from its end.
func testGraceOpen(t *T) {
	s, c := t.pair(target.Options{})
	long := t.srv.Grace + 2*time.Second
	s.poll(fmt.Sprint("ttl=", long.Milliseconds())).do().has("heartbeat")
	ended := time.Now()
	s2, c2 := t.pair(target.Options{})
	p := s2.poll(fmt.Sprint("ttl=", long.Milliseconds())).start().withheld(t.srv.Grace + time.Second)
	p.cut() // and from a cut as from an end
	cut := time.Now()
	t.away(c2, cut, t.srv.Grace)
	t.away(c, ended, t.srv.Grace)
}

// testGraceAny keeps a socket by requests of every kind, half a period apart.
func testGraceAny(t *T) {
	s, c := t.pair(target.Options{})
	for i, ask := range []*ask{
		s.poll("ttl=0"), s.form("t=t", "d=1"), s.form("a=0"), s.poll("a=0", "ttl=0"), s.raw("2", "t=t"), s.jsonp("t=t", "d=3"),
	} {
		if ask.do().is(200, 201); i < 5 {
			t.pass(t.srv.Grace / 2)
		}
	}
	last := time.Now()
	c.Saw("text 1", "text 2", "text 3")
	t.away(c, last, t.srv.Grace)
}

// testGraceAnswer takes long over an answer: an open response is a request while its writes go through.
func testGraceAnswer(t *T) {
	const size = 12 << 20 // more than the kernel's buffers take at once
	if t.srv.MessageLimit < size {
		t.Skip("the message limit is too small for an answer that no kernel takes at once")
	}
	s, c := t.pair(target.Options{})
	c.Flood(1, func(int) []byte { return target.Binary(make([]byte, size)) })
	nc, err := t.dial(t.Context(), s.host)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.(*net.TCPConn).SetReadBuffer(128 << 10)
	fmt.Fprintf(nc, "GET %s?a=0&ttl=20000 HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", s.path("j"), s.host)
	// The body is taken in steps, over a period and a half.
	for range 6 {
		nc.SetReadDeadline(time.Now().Add(patience))
		if k, err := io.CopyN(io.Discard, nc, size/6); err != nil {
			t.Fatalf("bound.grace: a big answer, taken slowly, broke off: %v after %d bytes of a step", err, k)
		}
		t.pass(t.srv.Grace / 4)
	}
	io.Copy(io.Discard, nc)
	s.poll("a=1", "ttl=0").do().has("heartbeat").at(2)
}
