package session

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// end.kept: with a the close is kept until it is acknowledged, or for the grace
// period. The request that acknowledges it, and all later, get 403.
func TestEndKept(t *testing.T) {
	t.Run("acknowledged by a read", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.target("a")
			r.u.end(r.s, wire.CloseNormal, "bye")
			for range 2 {
				r.reads(r.poll(given(0)), "a", "close 1000 bye")
			}
			r.reads(r.poll(given(1)), "close 1000 bye")
			if _, err := r.s.Attach(r.sink(0, Done), given(2)); codeOf(err) != wire.NoSocket {
				t.Errorf("the read that acknowledges the close: %v", err)
			}
			noSocket(r)
		})
	})
	t.Run("acknowledged by a send, while a reader waits", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.end(r.s, wire.CloseNormal, "")
			k := r.attach(r.sink(0, More), given(0))
			r.ack(1).fails(wire.NoSocket)
			r.gone(k, Ended)
			noSocket(r)
		})
	})
	t.Run("for the grace period", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.s.Enter()
			r.u.end(r.s, wire.CloseNormal, "")
			r.s.Leave()
			r.after(30*time.Second - 1)
			r.reads(r.poll(given(0)), "close 1000 ")
			r.after(1)
			noSocket(r)
			if r.u.code() != 0 {
				t.Error("a target that has closed was closed")
			}
		})
	})
}

// A socket that is closed counts towards no limit, so whoever asks for it again and again,
// and does not acknowledge its close, has not got it for good.
func TestEndIsNotKeptForGood(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		most   time.Duration
	}{
		"by default":           {Config{}, 5 * time.Minute},
		"a long grace period":  {Config{Grace: time.Minute}, 10 * time.Minute},
		"a short grace period": {Config{Grace: 20 * time.Second}, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			example(t, test.config, func(r *rig) {
				r.s.Enter() // a request that does not end
				r.target("a")
				r.u.end(r.s, wire.CloseNormal, "")
				for at := 10 * time.Second; at < test.most; at += 10 * time.Second {
					r.after(10 * time.Second)
					r.reads(r.poll(given(0)), "a", "close 1000 ")
				}
				r.after(10 * time.Second)
				noSocket(r)
				r.s.Leave()
			})
		})
	}
}

// noSocket wants everything to answer so, and nothing to be left.
func noSocket(r *rig) {
	r.Helper()
	if n := r.ended.Load(); n != 1 {
		r.Errorf("onEnd was called %d times", n)
	}
	if r.s.Enter() {
		r.Error("Enter of an ended session")
	}
	r.text(1, "x").fails(wire.NoSocket)
	r.text(0, "x").fails(wire.NoSocket)
	r.close(0, wire.CloseNormal).fails(wire.NoSocket)
	r.ack(0).fails(wire.NoSocket)
	for _, ack := range []Ack{none, given(0), given(99)} {
		if _, err := r.s.Attach(r.sink(0, Done), ack); codeOf(err) != wire.NoSocket {
			r.Errorf("attach: %v", err)
		}
	}
	if s := r.s; s.down.queue != nil || s.down.bytes != 0 || s.down.reader != nil || s.upstream != nil ||
		len(s.up.held)+len(s.up.queue)+len(s.up.waiting)+s.up.bytes+s.up.queued != 0 {
		r.Errorf("left behind: %+v %+v", s.down, s.up)
	}
}

// end.send: after the target's close a send applies its a and answers 403.
func TestEndSend(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		r.target("a", "b")
		r.poll(given(0))
		r.u.end(r.s, wire.CloseAbnormal, "")
		r.send(Send{N: 1, Frames: texts("x"), Whole: true, Ack: given(1)}).fails(wire.NoSocket)
		r.send(Send{Frames: texts("x"), Whole: true}).fails(wire.NoSocket)
		r.ack(1).is(0)
		r.reads(r.poll(given(0)), "b", "close 1006 ")
		r.send(Send{N: 1, Frames: texts("x"), Whole: true, Ack: given(3)}).fails(wire.NoSocket)
		noSocket(r)
	})
}

// end.resume: a reader that vanishes loses nothing.
func TestEndResume(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		k := r.attach(r.sink(2, Full), given(0))
		r.target("a", "b", "c")
		r.s.Detach(k)
		r.gone(k, Left)
		r.target("d")
		k = r.attach(r.sink(0, More), given(1)) // b was lost
		r.reads(k, "b", "c", "d")
		k = r.poll(given(4))
		r.target("e")
		r.reads(k, "e")
	})
}

// bound.grace: a socket without any request is closed with 1001.
func TestBoundGrace(t *testing.T) {
	lapses := func(config Config, want time.Duration, before func(r *rig)) func(*testing.T) {
		return func(t *testing.T) {
			example(t, config, func(r *rig) {
				before(r)
				r.after(want - 1)
				if r.ended.Load() != 0 || r.u.code() != 0 {
					t.Fatal("ended early")
				}
				r.after(1)
				if r.u.code() != wire.CloseGoingAway {
					t.Errorf("the target is closed with %d", r.u.code())
				}
				noSocket(r)
			})
		}
	}
	ask := func(r *rig) { r.after(9 * time.Second); r.s.Enter(); r.after(time.Hour); r.s.Leave() }
	t.Run("10 s until the first request", lapses(Config{}, 10*time.Second, func(*rig) {}))
	t.Run("or less", lapses(Config{Grace: 5 * time.Second}, 5*time.Second, func(*rig) {}))
	t.Run("30 s after the last", lapses(Config{}, 30*time.Second, ask))
	t.Run("or as configured", lapses(Config{Grace: time.Minute}, time.Minute, ask))
	t.Run("not while another is under way", lapses(Config{}, 30*time.Second, func(r *rig) {
		r.s.Enter()
		r.s.Enter()
		r.s.Leave()
		r.after(time.Hour)
		r.s.Leave()
	}))
	t.Run("with what waits", lapses(Config{BufferLimit: 10}, 30*time.Second, func(r *rig) {
		r.u.setRoom(0)
		r.u.allowForce(true)
		r.s.Enter()
		r.target("waits")
		r.send(Send{N: 2, Frames: texts("behind a gap"), Whole: true}).cancel()
		r.s.Leave() // the send's, whose request left
		r.s.Leave()
	}))
	t.Run("in the closing handshake the target is not closed again", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.close(1, 3000).is(1)
			r.after(30 * time.Second)
			noSocket(r)
			r.u.end(r.s, 3000, "") // not heard
		})
	})
}

// The timer may have fired, and wait for the lock, when a request comes.
func TestBoundGraceStaleTimer(t *testing.T) {
	t.Run("and is still there", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.after(10*time.Second - 1)
			r.s.mu.Lock() // the timer's call will wait; the request gets the lock first
			var lapsed sync.WaitGroup
			lapsed.Go(func() { r.s.lapse() })
			r.s.requests++
			r.s.mu.Unlock()
			lapsed.Wait()
			if r.ended.Load() != 0 {
				t.Error("ended with a request under way")
			}
			r.s.Leave()
		})
	})
	t.Run("and has left", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.after(10*time.Second - 1)
			if !r.s.Enter() {
				t.Fatal("ended early")
			}
			r.s.Leave()
			r.s.lapse() // the stale call gets the lock only now
			if r.ended.Load() != 0 {
				t.Fatal("ended within the new grace period")
			}
			r.after(30*time.Second - 1)
			if r.ended.Load() != 0 {
				t.Fatal("ended early")
			}
			r.after(1)
			noSocket(r)
		})
	})
	t.Run("at the very moment", func(t *testing.T) {
		for range 50 {
			example(t, Config{}, func(r *rig) {
				time.Sleep(10 * time.Second) // the timer's goroutine runs beside this one
				if r.s.Enter() {
					synctest.Wait()
					r.text(1, "a").is(1)
					r.s.Leave()
				}
			})
		}
	})
}

// Drop ends a session whatever it is doing.
func TestDrop(t *testing.T) {
	example(t, Config{BufferLimit: 10}, func(r *rig) {
		r.u.setRoom(0)
		r.u.allowForce(true)
		full, queued, gap := r.text(0, "a", "b"), r.text(0, "c"), r.text(9, "d")
		r.target("waits")
		k := r.sink(0, More)
		k.each = func(uint64, []wire.Frame) { r.s.Drop() }
		r.attach(k, given(0))
		r.gone(k, Ended)
		for _, a := range []*answer{full, queued, gap} {
			a.fails(wire.NoSocket)
		}
		if r.u.code() != wire.CloseGoingAway || r.u.isPaused() {
			t.Error("the target is not closed, or not read")
		}
		noSocket(r)
		// What the upstream still pushes is not heard.
		r.target("x")
		r.u.drain(r.s, -1)
		r.u.end(r.s, wire.CloseGoingAway, "")
		noSocket(r)
	})
}

// After an error of the upstream nothing is passed on until OnClosed comes.
func TestUpstreamError(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		r.u.broken = true
		a, b := r.text(1, "a"), r.text(2, "b")
		a.waits()
		b.waits()
		r.u.end(r.s, wire.CloseAbnormal, "")
		a.fails(wire.NoSocket)
		b.fails(wire.NoSocket)
		r.reads(r.poll(none), "close 1006 ")
		noSocket(r)
	})
}
