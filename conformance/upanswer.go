package conformance

import (
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var upAnswerRules = []rule{
	every("up.answer", "n", testUpAnswer),
	on("up.answer", "a gap", testUpAnswerGap, short("hold", hold)),
	on("up.answer", "a stall", testUpAnswerStall, short("hold", hold)),
}

func testUpAnswer(t *T) {
	s, c := t.pair(target.Options{})
	for i, a := range []*ask{s.form("t=t", "d=x", "n=1"), s.jsonp("t=t", "d=x", "n=2"), s.raw("x", "t=t", "n=3"), s.raw(run(target.Text("x"), target.Text("x")), "t=f", "n=4")} {
		ans := a.do().reached([]int64{1, 2, 3, 5}[i])
		if ans.body.OK == nil || !*ans.body.OK {
			t.Errorf("%v\n  want: ok", ans)
		}
		c.Saw("text x")
	}
	c.Saw("text x")
}

func (a *answer) afterHold() *answer {
	a.t.Helper()
	if h := a.t.srv.Hold; a.took < h*9/10 || a.took > h+10*time.Second {
		a.t.Errorf("%v\n  want: withheld for %v", a, h)
	}
	return a
}

func testUpAnswerGap(t *T) {
	s, c := t.pair(target.Options{})
	s.form("t=t", "d=two", "n=2").do().reached(0).afterHold()
	s.form("t=t", "d=two", "n=2").do().reached(0).afterHold() // and again
	s.raw(run(target.Text("three"), target.Text("four")), "t=f", "n=3").do().reached(0).afterHold()
	c.Quiet(0)
	s.form("t=t", "d=one", "n=1").do().is(201)
	c.Saw("text one", "text two", "text three", "text four") // what was taken stays
	s.form("t=t", "d=two", "n=2").do().reached(4)
}

func testUpAnswerStall(t *T) {
	const size = 64 << 10
	s, c := t.pair(target.Options{Stalled: true})
	filled, stuck := s.fill(size) // unnumbered: these take the numbers up to filled + 1
	next := filled + 2
	s.form("t=t", "d=numbered", n(next)).do().reached(int64(filled)).afterHold()
	stuck.withheld(0)
	c.Resume()
	stuck.wait().is(201)
	if err := drain(func() string { return c.Next().String() }, filled+1, size); err != nil {
		t.Fatal(err)
	}
	c.Saw("text numbered")
	if a := s.form("t=t", "d=numbered", n(next)).do(); a.reached(int64(next)).took > 5*time.Second {
		t.Errorf("%v\n  want: at once", a)
	}
	c.Quiet(50 * time.Millisecond)
}
