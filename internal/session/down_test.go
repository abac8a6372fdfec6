package session

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/wire"
)

// down.ack: what is not acknowledged is kept and sent again.
func TestDownAck(t *testing.T) {
	t.Run("by the next read", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.target("a", "b", "c")
			r.reads(r.poll(given(0)), "a", "b", "c")
			r.reads(r.poll(given(0)), "a", "b", "c")
			r.reads(r.poll(given(2)), "c")
			k := r.poll(given(3))
			r.reads(k)
			r.target("d", "e")
			r.reads(k, "d")
			r.gone(k, Finished)
		})
	})
	t.Run("by a send, and by one without data", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.target("a", "b", "c")
			r.poll(given(0))
			r.ack(1).is(0)
			r.send(Send{Frames: texts("up"), Whole: true, Ack: given(2)}).is(1)
			if diff := cmp.Diff(uint64(2), r.s.down.acked); diff != "" {
				t.Error(diff)
			}
			r.reads(r.poll(given(0)), "c")
		})
	})
	t.Run("while a stream reads on", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			k := r.attach(r.sink(0, More), given(0))
			r.target("a", "b")
			r.ack(2).is(0)
			r.target("c")
			r.reads(k, "a", "b", "c")
			r.s.Detach(k)
			r.gone(k, Left)
		})
	})
	t.Run("by a request whose data is refused", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.target("a")
			r.poll(given(0))
			r.send(Send{N: 99, Frames: texts("x"), Whole: true, Ack: given(1)}).fails(wire.OutOfWindow)
			r.reads(r.poll(given(0)))
		})
	})
}

// down.seq: the first message's number; where there is none, the next one's.
func TestDownSeq(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		k := r.poll(given(0))
		r.s.Detach(k)
		if k.end != 1 {
			t.Errorf("next is %d, want 1", k.end)
		}
		r.target("a", "b", "c")
		k = r.attach(r.sink(2, Done), given(0))
		if k.first != 1 || k.end != 3 {
			t.Errorf("from %d, next is %d, want 1 and 3", k.first, k.end)
		}
		if k = r.poll(given(2)); k.first != 3 || k.end != 4 {
			t.Errorf("from %d, next is %d, want 3 and 4", k.first, k.end)
		}
		k = r.poll(given(3))
		r.s.Detach(k)
		if k.end != 4 {
			t.Errorf("next is %d, want 4", k.end)
		}
	})
}

// down.ack-range: a lower a changes nothing; one beyond what was sent is 400.
func TestDownAckRange(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		r.ack(1).fails(wire.BadRequest)
		r.target("a", "b", "c")
		r.ack(1).fails(wire.BadRequest) // it was not sent
		r.attach(r.sink(2, Done), given(0))
		r.ack(3).fails(wire.BadRequest)
		r.ack(2).is(0)
		r.ack(1).is(0)
		r.ack(0).is(0)
		waiting := r.sink(0, Full)
		r.attach(waiting, given(1))
		r.reads(waiting, "c")
		if _, err := r.s.Attach(r.sink(0, Done), given(4)); codeOf(err) != wire.BadRequest {
			t.Errorf("attach with a=4: %v", err)
		}
		if told, _ := waiting.detached(); told {
			t.Error("a read that was answered 400 ended another") // poll.superseded
		}
		r.send(Send{Frames: texts("x"), Whole: true, Ack: given(4)}).fails(wire.BadRequest)
		r.gets()
	})
}

// An acknowledgement may overtake the Deliver of what it acknowledges.
func TestDownAckOvertakes(t *testing.T) {
	example(t, Config{BufferLimit: 100}, func(r *rig) {
		k := r.sink(1, More)
		k.each = func(seq uint64, frames []wire.Frame) {
			if seq == 1 {
				r.target("b", "c")
			}
			r.ack(seq).is(0)
			if show(frames[0]) == "" {
				t.Error("a frame vanished while the sink looked at it")
			}
		}
		r.attach(k, given(0))
		r.target("a")
		r.reads(k, "a", "b", "c")
		if r.u.isPaused() {
			t.Error("paused, though all is acknowledged")
		}
	})
}

// down.at-most-once: a read without a gets what is unacknowledged, and what is
// written to it counts as acknowledged.
func TestDownAtMostOnce(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		r.target("a", "b", "c")
		r.reads(r.poll(given(0)), "a", "b", "c")
		r.ack(1).is(0)
		r.reads(r.attach(r.sink(1, Done), none), "b")
		r.reads(r.poll(none), "c")
		k := r.attach(r.sink(0, More), none)
		r.target("d", "e")
		r.reads(k, "d", "e")
		r.reads(r.poll(given(0)))
		r.u.end(r.s, wire.CloseNormal, "bye")
		// The poll superseded the stream and has the close, which it is yet to acknowledge.
		r.gone(k, Superseded)
		k = r.poll(none)
		r.reads(k, "close 1000 bye")
		if r.ended.Load() != 1 {
			t.Error("the close was read, and the session has not ended")
		}
		r.ack(0).fails(wire.NoSocket)
	})
}

// poll.superseded: a newer read ends an older one at once.
func TestPollSuperseded(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		if r.s.Attached() {
			t.Error("attached, though nothing was")
		}
		old := r.poll(given(0))
		k := r.poll(given(0))
		r.gone(old, Superseded)
		if !r.s.Attached() {
			t.Error("not attached")
		}
		r.s.Detach(old) // has no effect on the newer
		r.s.Ready(old)
		r.target("a")
		r.reads(old)
		r.reads(k, "a")
		r.gone(k, Finished)
		if r.s.Attached() {
			t.Error("still attached")
		}
	})
}

// A reader that comes while an older one is in Deliver gets its turn after it, and
// knows by then with which message it starts.
func TestPollSupersededWithinDeliver(t *testing.T) {
	for _, ack := range []Ack{given(0), none} {
		example(t, Config{}, func(r *rig) {
			r.target("a", "b")
			old, k := r.sink(1, More), r.sink(0, Done)
			first := make(chan uint64, 1)
			old.each = func(uint64, []wire.Frame) {
				go func() {
					n, err := r.s.Attach(k, ack)
					if err != nil {
						r.Errorf("attach: %v", err)
					}
					first <- n
				}()
				r.after(0) // so that it has come
			}
			r.attach(old, ack)
			r.after(0)
			r.reads(old, "a")
			r.gone(old, Superseded)
			want := []string{"a", "b"}
			if !ack.Given {
				want = want[1:]
			}
			r.reads(k, want...)
			r.gone(k, Finished)
			if n := <-first; n != uint64(3-len(want)) {
				t.Errorf("it starts with %d, and reads %q", n, want)
			}
		})
	}
}

// A reader that comes while an older one takes the close, and all that goes before it, has
// come to an end.
func TestPollSupersededWithinClose(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		old := r.sink(0, Done)
		failed := make(chan error, 1)
		old.each = func(uint64, []wire.Frame) {
			go func() {
				_, err := r.s.Attach(r.sink(0, Done), none)
				failed <- err
			}()
			r.after(0) // so that it has come
		}
		r.target("a")
		r.s.OnClosed(1000, nil)
		r.attach(old, none)
		r.reads(old, "a", "close 1000 ")
		if err := <-failed; err == nil {
			t.Error("it is attached to what has ended")
		}
	})
}

// A sink that is full gets nothing before it is ready.
func TestReady(t *testing.T) {
	t.Run("after Deliver", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			k := r.attach(r.sink(1, Full), given(0))
			r.target("a", "b", "c")
			r.reads(k, "a")
			r.s.Ready(k)
			r.reads(k, "a", "b")
			r.s.Ready(k)
			r.s.Ready(k)
			r.reads(k, "a", "b", "c")
			r.s.Ready(k)
			r.target("d")
			r.reads(k, "a", "b", "c", "d")
		})
	})
	t.Run("by its own word only", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			old := r.poll(given(0))
			k := r.attach(r.sink(1, Full), given(0))
			r.target("a", "b")
			r.s.Ready(old)
			r.reads(k, "a")
		})
	})
	// The link may have drained before Deliver's Full is heard.
	t.Run("before Deliver has returned", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			k := r.sink(1, Full)
			k.each = func(seq uint64, _ []wire.Frame) {
				if seq == 1 {
					r.s.Ready(k)
				}
			}
			r.attach(k, given(0))
			r.target("a", "b", "c")
			r.reads(k, "a", "b")
		})
	})
}

// bound.down: at the bound the relay stops reading from the target.
func TestBoundDown(t *testing.T) {
	t.Run("paused exactly while it is reached", func(t *testing.T) {
		message := strings.Repeat("x", 100) // costs 164
		example(t, Config{BufferLimit: 328}, func(r *rig) {
			paused := func(want bool) {
				t.Helper()
				if got := r.u.isPaused(); got != want {
					t.Errorf("paused is %v", got)
				}
			}
			r.target(message)
			paused(false)
			r.target(message)
			paused(true)
			r.poll(given(0))
			paused(true) // what was sent and not acknowledged counts
			r.poll(given(1))
			paused(false)
			r.target(message)
			paused(true)
			r.poll(none)
			paused(false)
		})
	})
	t.Run("until it is no longer reached", func(t *testing.T) {
		example(t, Config{BufferLimit: 264}, func(r *rig) {
			r.target("small", strings.Repeat("x", 200)) // the second costs 264
			r.poll(given(0))
			r.poll(given(1))
			if !r.u.isPaused() {
				t.Error("resumed at the bound")
			}
			r.poll(given(2))
			if r.u.isPaused() {
				t.Error("still paused")
			}
		})
	})
	t.Run("always room for one message", func(t *testing.T) {
		example(t, Config{BufferLimit: 10}, func(r *rig) {
			for range 3 {
				if r.u.isPaused() {
					t.Error("paused, though nothing waits")
				}
				r.target("larger than the bound")
				if !r.u.isPaused() {
					t.Error("not paused")
				}
				r.poll(none)
			}
		})
	})
	t.Run("a close of ours resumes, so that its answer is read", func(t *testing.T) {
		example(t, Config{BufferLimit: 10}, func(r *rig) {
			r.target("a")
			r.s.Shut(3000, "restart")
			if r.u.isPaused() || r.u.code() != 3000 {
				t.Error("still paused, or not closed")
			}
			r.target("not heard any more")
			r.u.end(r.s, 3000, "")
			r.reads(r.poll(given(0)), "a", "close 3000 restart")
		})
	})
	t.Run("the client's close does not", func(t *testing.T) {
		example(t, Config{BufferLimit: 10}, func(r *rig) {
			r.target("a")
			r.close(1, wire.CloseNormal).is(1)
			if !r.u.isPaused() {
				t.Error("resumed over the bound")
			}
			r.poll(none)
			if r.u.isPaused() {
				t.Error("still paused")
			}
			r.target("b")
			r.u.end(r.s, wire.CloseNormal, "")
			r.reads(r.poll(none), "b", "close 1000 ")
		})
	})
}
