package conformance

import (
	"fmt"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var upRules = []rule{
	every("up.number", "in order", testUpOrder, ample("hold", hold)),
	on("up.number", "repeats", testUpRepeats, ample("hold", hold)),
	on("up.number", "frames", testUpFrames),
	on("up.number", "a storm", testUpStorm),
	every("up.unnumbered", "takes the next", testUnnumbered),
	on("up.unnumbered", "past a gap", testUnnumberedGap, ample("hold", hold)),
}

func n(i int) string { return fmt.Sprint("n=", i) }

func testUpOrder(t *T) {
	s, c := t.pair(target.Options{})
	third := s.form("t=t", "d=three", "n=3").start().held()
	first := s.form("t=t", "d=one", "n=1").do()
	c.Saw("text one")
	first.reached(1)
	c.Quiet(100 * time.Millisecond)
	third.withheld(0)
	s.jsonp("t=t", "d=two", "n=2").do().is(201)
	c.Saw("text two", "text three")
	third.wait().reached(3)
	s.raw("four", "t=b", "n=4").do().reached(4)
	c.Saw("binary four")
	// All of them again, late.
	s.form("t=t", "d=one", "n=1").do().reached(4)
	s.form("t=t", "d=three", "n=3").do().reached(4)
	s.raw("four", "t=b", "n=4").do().reached(4)
	s.form("t=t", "d=five", "n=5").do().reached(5)
	c.Saw("text five")
}

func testUpRepeats(t *T) {
	s, c := t.pair(target.Options{})
	// The first copy of a number wins, held or passed on, whatever later ones say.
	held := []*pending{s.form("t=t", "d=two", "n=2").start().held()}
	for _, other := range []*ask{s.form("t=t", "d=two", "n=2"), s.form("t=t", "d=other", "n=2"), s.raw("kind", "t=b", "n=2")} {
		held = append(held, other.start().held())
	}
	// A repeat that is cut takes nothing back.
	cut := s.form("t=t", "d=two", "n=2").start().held()
	cut.cut()
	// One that is cut before its answer is sent again, whether it was taken or not.
	three := s.form("t=t", "d=three", "n=3").start().held()
	three.cut()
	held = append(held, s.form("t=t", "d=three", "n=3").start().held())
	s.form("t=t", "d=one", "n=1").do().is(201)
	c.Saw("text one", "text two", "text three")
	for _, p := range held {
		if a := p.wait().is(201); a.body.N == nil || *a.body.N < 2 || *a.body.N > 3 {
			t.Errorf("%v\n  want: n 2 or 3", a)
		}
	}
	s.form("t=t", "d=other", "n=1").do().reached(3)
	s.form("t=t", "d=four", "n=4").do().reached(4)
	c.Saw("text four")
}

func testUpFrames(t *T) {
	s, c := t.pair(target.Options{})
	// Three messages in six frames and two pings.
	batch := run(
		target.Text("one"), control(target.OpPing, ""), target.Part(target.OpText, false, "t"), control(target.OpPong, ""),
		target.Part(0, false, "w"), target.Part(0, true, "o"), target.Binary([]byte("three")),
	)
	s.raw(batch, "t=f", "n=1").do().reached(3)
	c.Saw("text one", "text two", "binary three")
	s.raw(batch, "t=f", "n=1").do().reached(3)
	// A batch cut otherwise: what was passed on is not again, the rest is.
	s.raw(run(target.Binary([]byte("three")), target.Text("four"), target.Text("five")), "t=f", "n=3").do().reached(5)
	c.Saw("text four", "text five")
	s.raw(run(target.Text("six"), target.Close(4000, "seven")), "t=f", "n=6").do().is(201, 403)
	c.Saw("text six", "close 4000 seven")
}

// testUpStorm sends every number three times, in parallel and in disorder.
func testUpStorm(t *T) {
	s, c := t.pair(target.Options{})
	const count = 40
	var all []*pending
	for k := range 3 * count {
		i := (k*17+k/count*5)%count + 1 // 17 and 40 have no common factor
		all = append(all, s.form("t=t", fmt.Sprint("d=", i), n(i)).start())
	}
	for i := range count {
		c.Saw(fmt.Sprint("text ", i+1))
	}
	for _, p := range all {
		p.wait().is(201)
	}
	s.form("t=t", "d=last", n(count+1)).do().reached(count + 1)
	c.Saw("text last")
}

func testUnnumbered(t *T) {
	s, c := t.pair(target.Options{})
	s.form("t=t", "d=one", "n=1").do().reached(1)
	s.form("t=t", "d=two").do().is(201)
	s.raw(run(target.Text("three"), target.Text("four")), "t=f").do().is(201)
	s.form("t=t", "d=repeat", "n=4").do().reached(4)
	s.form("t=t", "d=five", "n=5").do().reached(5)
	c.Saw("text one", "text two", "text three", "text four", "text five")
}

// testUnnumberedGap reads "the next number when its turn comes" as it stands: the next one is the gap's, so what is held
// behind it follows.
func testUnnumberedGap(t *T) {
	s, c := t.pair(target.Options{})
	two := s.form("t=t", "d=two", "n=2").start().held()
	s.form("t=t", "d=unnumbered").do().is(201)
	c.Saw("text unnumbered", "text two")
	two.wait().reached(2)
	s.form("t=t", "d=repeat", "n=1").do().reached(2)
	s.form("t=t", "d=three", "n=3").do().reached(3)
	c.Saw("text three")
}
