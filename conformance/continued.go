package conformance

import (
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var continuedRules = []rule{
	every("up.continued", "one message", testContinued),
	on("up.continued", "in disorder", testContinuedDisorder, ample("hold", hold)),
	every("up.continued", "malformed", testContinuedMalformed),
	every("up.continued-limit", "1009", testContinuedLimit),
	every("up.continued-type", "another kind", testContinuedType),
	on("up.continued-type", "held", testContinuedTypeHeld, ample("hold", hold)),
}

func testContinued(t *T) {
	s, c := t.pair(target.Options{Parts: true})
	s.form("t=t", "d=one ", "m=1", "n=1").do().reached(1)
	c.Saw("part one ") // each part goes on as it comes
	s.raw("two ", "t=t", "m=1", "n=2").do().reached(2)
	c.Saw("part two ")
	s.jsonp("t=t", "d=two again", "m=0", "n=2").do().is(201) // a repeat, whatever it says
	c.Quiet(100 * time.Millisecond)
	s.jsonp("t=t", "d=three", "n=3").do().is(201)
	c.Saw("text one two three")
	// m=0 is the same as none; empty parts are parts.
	s.form("t=b", "d=", "m=1", "n=4").do().reached(4)
	s.form("t=b", "d=AAE", "m=1", "n=5").do().reached(5)
	s.form("t=b", "d=", "m=0", "n=6").do().reached(6)
	c.Saw("part ", "part \x00\x01", "binary \x00\x01")
	s.form("t=t", "d=whole", "m=0", "n=7").do().reached(7)
	c.Saw("text whole")
	// Unnumbered parts take the next numbers.
	s.form("t=t", "d=a", "m=1").do().is(201)
	s.form("t=t", "d=b").do().is(201)
	c.Saw("part a", "text ab")
	s.form("t=t", "d=last", "n=10").do().reached(10)
	c.Saw("text last")
}

func testContinuedDisorder(t *T) {
	s, c := t.pair(target.Options{})
	p3 := s.form("t=t", "d=c", "n=3").start().held()
	p2 := s.form("t=t", "d=b", "m=1", "n=2").start().held()
	p4 := s.form("t=b", "d=ZA", "n=4").start().held()
	s.form("t=t", "d=a", "m=1", "n=1").do().is(201)
	c.Saw("text abc", "binary d")
	p2.wait().is(201)
	p3.wait().is(201)
	p4.wait().reached(4)
}

func testContinuedMalformed(t *T) {
	s, c := t.pair(target.Options{})
	for _, m := range []string{"m=1"} {
		s.raw(run(target.Text("x")), "t=f", m, "n=1").do().fails(400, "bad_request").names("m")
		s.form("t=c", m, "n=1").do().fails(400, "bad_request").names("m")
		s.form("t=c", "code=1000", m).do().fails(400, "bad_request").names("m")
	}
	s.form("t=t", "d=one", "n=1").do().reached(1)
	c.Saw("text one")
}

func testContinuedLimit(t *T) {
	s, c := t.pair(target.Options{})
	half := strings.Repeat("x", t.srv.MessageLimit/2)
	s.raw(half, "t=t", "m=1", "n=1").do().reached(1)
	s.raw(half, "t=t", "m=1", "n=2").do().reached(2) // just the limit
	s.raw("", "t=t", "m=1", "n=3").do().reached(3)
	s.raw("x", "t=t", "n=4").do().fails(413, "too_large")
	if e := c.Next(); e.Kind != target.KindClose || e.Code != 1009 {
		t.Errorf("up.continued-limit: the target saw %q, want close 1009", clip(e.String()))
	}
	a := s.poll("ttl=10000").do().is(200)
	if got := a.messages(); len(got) != 1 || !strings.HasPrefix(got[0], "close 1009") {
		t.Errorf("%v\n  want: close 1009", a)
	}

	// As a whole message again, and in parts that fit.
	s, c = t.pair(target.Options{})
	for i := 1; i <= 4; i += 2 {
		s.raw(half, "t=b", "m=1", n(i)).do().reached(int64(i))
		s.raw(half, "t=b", n(i+1)).do().reached(int64(i + 1))
		c.Saw("binary " + half + half)
	}
}

func testContinuedType(t *T) {
	s, c := t.pair(target.Options{})
	s.form("t=t", "d=a", "m=1", "n=1").do().reached(1)
	s.form("t=b", "d=AA", "n=2").do().fails(400, "bad_request")
	s.form("t=b", "d=AA", "m=1", "n=2").do().fails(400, "bad_request")
	s.raw(run(target.Text("x")), "t=f", "n=2").do().fails(400, "bad_request")
	s.form("t=b", "d=AA").do().fails(400, "bad_request")
	s.raw("b", "t=t", "n=2").do().reached(2) // they took no number
	c.Saw("text ab")
	s.form("t=b", "d=AA", "n=3").do().reached(3)
	c.Saw("binary \x00")
	// But c: it ends the socket, and the message is never whole.
	s.form("t=t", "d=a", "m=1", "n=4").do().reached(4)
	s.form("t=c", "code=4000", "n=5").do().is(201, 403)
	c.Saw("close 4000")
}

func testContinuedTypeHeld(t *T) {
	s, c := t.pair(target.Options{})
	wrong := s.form("t=b", "d=AA", "n=2").start().held()
	frames := s.raw(run(target.Text("x")), "t=f", "n=3").start().held()
	s.form("t=t", "d=a", "m=1", "n=1").do().is(201)
	wrong.wait().fails(400, "bad_request")
	// n=3 waits for 2 still; with 2 the message goes on, and 3 is of another kind too.
	frames.held()
	s.form("t=t", "d=b", "m=1", "n=2").do().is(201)
	frames.wait().fails(400, "bad_request")
	s.form("t=t", "d=c", "n=3").do().reached(3)
	c.Saw("text abc")
}
