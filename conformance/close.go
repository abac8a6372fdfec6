package conformance

import (
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var closeRules = []rule{
	every("up.close", "ordered", testCloseOrdered, ample("hold", hold)),
	every("up.close", "over a gap", testCloseOverGap, ample("hold", hold)),
	on("up.close", "after what was taken", testCloseAfterTaken),
	on("up.close", "what the client reads", testCloseRead),
	every("up.after-close", "400", testAfterClose, ample("close timeout", closeTimeout)),
	on("up.after-close", "held", testHeldAfterClose, ample("hold", hold), ample("close timeout", closeTimeout)),
}

func testCloseOrdered(t *T) {
	s, c := t.pair(target.Options{})
	closing := s.form("t=c", "code=4000", "reason=done", "n=3").start().held()
	s.form("t=t", "d=one", "n=1").do().reached(1)
	c.Saw("text one")
	c.Quiet(100 * time.Millisecond)
	closing.withheld(0)
	s.form("t=t", "d=two", "n=2").do().is(201, 403)
	c.Saw("text two", "close 4000 done", "end")
	if a := closing.wait().is(201, 403); a.status == 201 {
		a.reached(3)
	}
	s.expect("close 4000 done")
}

func testCloseOverGap(t *T) {
	s, c := t.pair(target.Options{})
	s.form("t=t", "d=one", "n=1").do().reached(1)
	dropped := []*pending{
		s.form("t=t", "d=three", "n=3").start().held(),
		s.form("t=t", "d=four", "n=4").start().held(),
	}
	began := time.Now()
	s.form("t=c", "code=1001", "reason=away").do().is(201, 403)
	c.Saw("text one", "close 1001 away", "end")
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("up.close: an unnumbered close took effect after %v, want at once", d)
	}
	for _, p := range dropped {
		p.wait().is(400, 403) // they will never be passed on
	}
	s.expect("close 1001 away")
}

// testCloseAfterTaken closes while the target stalls: what was taken in order goes first.
func testCloseAfterTaken(t *T) {
	const size = 32 << 10
	s, c := t.pair(target.Options{Stalled: true})
	filled, stuck := s.fill(size)
	taken := s.form("t=t", "d=taken", n(filled+2)).start().held()
	gap := s.form("t=t", "d=behind a gap", n(filled+4)).start().held()
	closing := s.form("t=c", "code=4000").start()
	closing.within(300 * time.Millisecond)
	c.Resume()
	if err := drain(func() string { return c.Next().String() }, filled+1, size); err != nil {
		t.Fatal(err)
	}
	c.Saw("text taken", "close 4000", "end")
	for _, p := range []*pending{stuck, taken, closing} {
		p.wait().is(201, 403)
	}
	gap.wait().is(201, 400, 403)
}

func testCloseRead(t *T) {
	// The target's data goes on until it has answered the Close.
	s, c := t.pair(target.Options{IgnoreClose: true})
	p := s.poll("a=0", "ttl=30000").start().held()
	s.form("t=c", "code=1000", "reason=bye", "n=1").do().is(201)
	c.Saw("close 1000 bye")
	c.Text("late")
	p.wait().has("text late")
	c.Raw(target.Close(1000, "answer"))
	a := s.poll("a=1", "ttl=10000").do().is(200)
	if got := a.messages(); len(got) != 1 || got[0] != "close 1000 answer" && got[0] != "close 1000 bye" {
		t.Errorf("%v\n  want: close 1000, clean", a)
	}

	// A target that drops the connection instead of an answer leaves it unclean.
	s, c = t.pair(target.Options{IgnoreClose: true})
	s.form("t=c", "code=1000").do().is(201, 403)
	c.Saw("close 1000")
	c.Drop()
	s.expect("close 1006 unclean")
}

func testAfterClose(t *T) {
	s, c := t.pair(target.Options{IgnoreClose: true})
	s.form("t=t", "d=one", "n=1").do().reached(1)
	s.form("t=c", "code=4000", "n=2").do().reached(2)
	c.Saw("text one", "close 4000")
	s.form("t=t", "d=three", "n=3").do().fails(400, "bad_request")
	s.form("t=c", "code=1000", "n=3").do().fails(400, "bad_request")
	s.raw(run(target.Text("x")), "t=f", "n=3").do().fails(400, "bad_request")
	s.form("t=t", "d=forty", "n=40").do().fails(400, "bad_request")
	// What came before it may be sent again, the close too.
	s.form("t=t", "d=one", "n=1").do().reached(2)
	s.form("t=c", "code=4000", "n=2").do().reached(2)
	// Reading and acknowledging go on.
	c.Text("down")
	s.expect("text down")
	s.form("a=1").do().is(201)
}

// testHeldAfterClose has a message held that turns out to lie after the client's close.
func testHeldAfterClose(t *T) {
	s, c := t.pair(target.Options{IgnoreClose: true})
	three := s.form("t=t", "d=three", "n=3").start().held()
	s.form("t=c", "code=4000", "n=2").start().held()
	s.form("t=t", "d=one", "n=1").do().is(201)
	c.Saw("text one", "close 4000")
	three.wait().fails(400, "bad_request")
	c.Quiet(100 * time.Millisecond)
}
