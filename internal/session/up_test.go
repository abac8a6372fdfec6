package session

import (
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// up.number: in order, each once, whatever order and however often they arrive.
func TestUpNumber(t *testing.T) {
	t.Run("reordered and repeated", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			three := r.text(3, "c")
			two := r.text(2, "b")
			three.waits()
			r.text(1, "a").is(3)
			two.is(3)
			three.is(3)
			r.text(2, "b", "c", "d").is(4)
			r.gets("a", "b", "c", "d")
		})
	})
	t.Run("the first copy of a number wins", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.text(2, "first")
			r.text(2, "second")
			r.text(1, "a").is(2)
			r.text(2, "third").is(2)
			r.gets("a", "first")
		})
	})
	t.Run("a batch of which a part is refused answers others still", func(t *testing.T) {
		example(t, Config{MessageLimit: 10}, func(r *rig) {
			two := r.text(2, "b")
			r.text(1, "a", "b", "01234567890").fails(wire.TooLarge)
			two.is(2)
			r.gets("a", "b")
		})
	})
	t.Run("a batch is taken whole, though its first message goes at once", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.text(1, "a", "b", "c").is(3)
			r.gets("a", "b", "c")
		})
	})
}

// up.window: next to next + 63, and 256 KiB; the next itself may be larger.
func TestUpWindow(t *testing.T) {
	t.Run("count", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.text(65, "x").fails(wire.OutOfWindow)
			r.text(64, "last").waits()
			r.text(1, "a").is(1)
			r.text(65, "next to last")
			r.text(66, "x").fails(wire.OutOfWindow)
			r.gets("a")
		})
	})
	t.Run("a batch is taken as far as it lies inside", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			tail := r.text(63, "63", "64", "65")
			for n := uint64(62); n > 1; n-- {
				r.text(n, "m")
			}
			tail.waits()
			r.text(1, "m").is(64)
			tail.is(64)
			r.text(65, "65").is(65)
		})
	})
	t.Run("bytes", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			big := strings.Repeat("x", 128<<10)
			r.text(2, big).waits()
			r.text(3, big).waits()
			r.text(4, "x").fails(wire.OutOfWindow)
			r.text(4, "").waits()
			r.text(1, big+big+"the next may be larger").is(4)
		})
	})
	t.Run("the next waits itself, and counts", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.setRoom(0)
			r.text(1, "full").waits()
			r.text(2, strings.Repeat("x", 1<<20)).waits()
			r.text(3, "x").fails(wire.OutOfWindow)
			r.u.drain(r.s, -1)
			r.text(3, "x").is(3)
		})
	})
	t.Run("a batch that moves the window by itself", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.text(1, make([]string, 200)...).is(200)
		})
	})
}

// up.answer: withheld until all that was taken is with the kernel, at most 10 s.
func TestUpAnswer(t *testing.T) {
	t.Run("withheld", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.setRoom(1)
			r.text(1, "a").is(1)
			b, c := r.text(2, "b"), r.text(3, "c")
			b.waits()
			again := r.text(1, "a", "b")
			again.waits()
			r.text(1, "a").is(1)
			r.gets("a", "b")
			r.u.drain(r.s, 0)
			b.is(2)
			again.is(2)
			c.waits()
			r.gets("a", "b", "c")
			r.u.drain(r.s, 0)
			c.is(3)
		})
	})
	t.Run("no longer than it is held", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.text(1, "a")
			gap := r.text(3, "c")
			r.after(10*time.Second - 1)
			gap.waits()
			r.after(1)
			gap.is(1)
			r.text(2, "b").is(3)
			r.gets("a", "b", "c")
		})
	})
	t.Run("a request that left leaves what it brought", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			gap := r.text(2, "b")
			gap.cancel()
			r.text(1, "a").is(2)
			gap.waits()
			r.gets("a", "b")
		})
	})
	t.Run("the socket's end answers all who wait", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			gap := r.text(2, "b")
			r.u.setRoom(0)
			full, queued := r.text(0, "x"), r.text(0, "y")
			r.u.end(r.s, wire.CloseNormal, "")
			gap.fails(wire.NoSocket)
			full.fails(wire.NoSocket)
			queued.fails(wire.NoSocket)
		})
	})
}

// up.unnumbered: a send without n takes the next number when its turn comes.
func TestUpUnnumbered(t *testing.T) {
	t.Run("a gap does not hold it", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			three := r.text(3, "three")
			r.text(0, "one").is(1)
			r.text(0, "two").is(3)
			three.is(3)
			r.gets("one", "two", "three")
		})
	})
	t.Run("a batch stays together", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.setRoom(0)
			batch := r.text(0, "a", "b", "c")
			two := r.text(2, "came too late")
			after := r.text(4, "d")
			r.u.drain(r.s, 0)
			batch.waits()
			r.u.drain(r.s, -1)
			batch.is(4)
			two.is(4)
			after.is(4)
			r.gets("a", "b", "c", "d")
			if u := &r.s.up; len(u.held) != 0 || u.bytes != 0 {
				t.Errorf("held still: %v", u.held)
			}
		})
	})
	t.Run("one whose request left is forgotten before its turn", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.setRoom(0)
			a, b := r.text(0, "a"), r.text(0, "b")
			a.cancel()
			b.cancel()
			r.u.drain(r.s, -1)
			a.is(1)
			b.waits()
			r.gets("a")
		})
	})
}

// send.busy: withheld for 50 s, or too many; nothing is taken. One that was
// begun waits on.
func TestSendBusy(t *testing.T) {
	t.Run("after 50 s", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.setRoom(1)
			begun, waiting := r.text(0, "a", "b", "c"), r.text(0, "d")
			r.after(50*time.Second - 1)
			waiting.waits()
			r.after(1)
			waiting.fails(wire.Busy)
			begun.waits()
			r.after(time.Hour)
			begun.waits()
			r.u.drain(r.s, -1)
			begun.is(3)
			r.gets("a", "b", "c")
			r.text(0, "d").is(4)
		})
	})
	t.Run("64 requests", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.setRoom(0)
			r.text(0, "begun").waits()
			for range 64 {
				r.text(0, "m").waits()
			}
			r.text(0, "m").fails(wire.Busy)
			r.u.drain(r.s, 0)
			r.text(0, "m").waits()
		})
	})
	t.Run("four messages of the limit", func(t *testing.T) {
		example(t, Config{MessageLimit: 1000}, func(r *rig) {
			r.u.setRoom(0)
			r.text(0, "begun").waits()
			largest := strings.Repeat("x", 1000)
			for range 4 {
				r.text(0, largest).waits()
			}
			r.text(0, "x").fails(wire.Busy)
			r.u.drain(r.s, 0)
			r.text(0, "x").waits()
		})
	})
}

// up.continued-type: a send that is refused leaves nothing behind of what was held
// of it, nor of what was held of others lost.
func TestUpRefusedWhole(t *testing.T) {
	for name, waits := range map[string]bool{"while its client waits": true, "after its answer": false} {
		t.Run(name, func(t *testing.T) {
			example(t, Config{}, func(r *rig) {
				batch := r.text(2, "A", "B", "C")
				r.text(5, "D")
				if !waits {
					r.after(10 * time.Second)
					batch.is(0)
				}
				r.part(1, wire.Binary, "one", true).is(1) // of which number 2 would have to be the rest
				if waits {
					batch.fails(wire.BadRequest)
				}
				r.part(2, wire.Binary, "two", false).is(2)
				r.text(3, "A", "B").is(5)
				r.gets("onetwo", "A", "B", "D")
			})
		})
	}
}

// What is held ahead does not keep the body alive that it came in.
func TestHeldIsIndependent(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		body := []byte("body")
		r.send(Send{N: 2, Whole: true, Frames: []wire.Frame{{Kind: wire.Text, Data: body[:1]}}})
		r.u.setRoom(0)
		r.text(1, "first").waits()
		r.send(Send{Whole: true, Frames: []wire.Frame{{Kind: wire.Text, Data: body[1:]}}})
		copy(body, "gone")
		r.u.drain(r.s, -1)
		r.gets("first", "b", "ody")
	})
}
