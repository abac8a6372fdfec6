package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var windowRules = []rule{
	every("up.window", "64 numbers", testWindowNumbers, ample("hold", hold)),
	on("up.window", "256 KiB", testWindowBytes, ample("hold", hold)),
	on("up.window", "a batch over its edge", testWindowBatch, ample("hold", hold)),
	on("up.window", "a batch over its bytes", testWindowBatchBytes, ample("hold", hold)),
}

func testWindowNumbers(t *T) {
	s, c := t.pair(target.Options{})
	last := s.form("t=t", "d=64", "n=64").start().held() // next + 63
	s.form("t=t", "d=65", "n=65").do().fails(409, "out_of_window")
	s.raw(run(target.Text("65"), target.Text("66")), "t=f", "n=65").do().fails(409, "out_of_window")
	s.form("t=t", "d=one", "n=1").do().reached(1)
	edge := s.form("t=t", "d=65", "n=65").start().held()
	s.form("t=t", "d=66", "n=66").do().fails(409, "out_of_window")
	var middle [][]byte
	for i := 2; i < 63; i++ {
		middle = append(middle, target.Text(fmt.Sprint(i)))
	}
	s.raw(run(middle...), "t=f", "n=2").do().reached(62)
	s.form("t=t", "d=63", "n=63").do().is(201)
	last.wait().is(201)
	edge.wait().reached(65)
	c.Saw("text one")
	for i := 2; i <= 65; i++ {
		c.Saw(fmt.Sprint("text ", i))
	}
	s.form("t=t", "d=66", "n=66").do().reached(66) // the 409 took nothing
	s.form("t=t", "d=old", "n=1").do().reached(66) // below the window is a repeat
	c.Saw("text 66")
}

func testWindowBytes(t *T) {
	s, c := t.pair(target.Options{})
	block := func(i int) string { return fmt.Sprint(i) + strings.Repeat("x", 100<<10-1) }
	var held []*pending
	for i := 2; i <= 3; i++ {
		held = append(held, s.raw(block(i), "t=t", n(i)).start().held())
	}
	// 200 KiB are held: what would make them more than 256 lies outside, what does not lies inside.
	s.raw(block(4), "t=t", "n=4").do().fails(409, "out_of_window")
	held = append(held, s.raw("4 small", "t=t", "n=4").start().held())
	// The next message itself may be larger.
	big := "1" + strings.Repeat("x", min(700<<10, t.srv.MessageLimit-10))
	s.raw(big, "t=t", "n=1").do().is(201)
	c.Saw("text "+big, "text "+block(2), "text "+block(3), "text 4 small")
	for _, p := range held {
		p.wait().is(201)
	}
	s.raw(big, "t=t", "n=5").do().reached(5)
	c.Saw("text " + big)
}

// testWindowBatch: what lies outside of the window is read as it moves on.
func testWindowBatch(t *T) {
	s, c := t.pair(target.Options{})
	part := s.raw(run(target.Text("63"), target.Text("64"), target.Text("65"), target.Text("66")), "t=f", "n=63").start().held()
	var first, long, behind [][]byte
	for i := 1; i <= 266; i++ {
		switch {
		case i <= 62:
			first = append(first, target.Text(fmt.Sprint(i)))
		case i > 67:
			long = append(long, target.Text(fmt.Sprint(i)))
		}
	}
	s.raw(run(first...), "t=f", "n=1").do().is(201)
	part.wait().reached(66)
	// One of more than a window, behind a gap, and another with the same and more.
	part = s.raw(run(long...), "t=f", "n=68").start().held()
	for i := 100; i <= 300; i++ {
		behind = append(behind, target.Text(fmt.Sprint(i)))
	}
	more := s.raw(run(behind...), "t=f", "n=100").start().held()
	s.form("t=t", "d=67", "n=67").do().is(201)
	part.wait().is(201)
	more.wait().reached(300)
	for i := 1; i <= 300; i++ {
		c.Saw(fmt.Sprint("text ", i))
	}
	c.Quiet(100 * time.Millisecond)
}

func testWindowBatchBytes(t *T) {
	s, c := t.pair(target.Options{})
	block := func(i int) string { return fmt.Sprint(i) + strings.Repeat("x", 100<<10-1) }
	var blocks [][]byte
	for i := 2; i <= 9; i++ {
		blocks = append(blocks, target.Text(block(i)))
	}
	part := s.raw(run(blocks...), "t=f", "n=2").start().held()
	s.raw("1", "t=t", "n=1").do().is(201)
	part.wait().reached(9)
	c.Saw("text 1")
	for i := 2; i <= 9; i++ {
		c.Saw("text " + block(i))
	}
	c.Quiet(100 * time.Millisecond)
}
