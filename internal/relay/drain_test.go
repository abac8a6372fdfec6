package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

// A polite is an upstream whose target answers a Close after a while, or never.
type polite struct {
	nowhere
	after time.Duration // negative: never

	mu      sync.Mutex
	session *session.Session
	closed  time.Time
	code    wire.CloseCode
}

func (p *polite) Close(code wire.CloseCode, _ []byte) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.code = time.Now(), code
	if p.after >= 0 {
		time.AfterFunc(p.after, func() { p.session.OnClosed(code, nil) })
	}
	return false, nil
}

// put has so many sockets, which live while they are read, and whose targets are polite.
func (r *running) put(n int, after time.Duration) []*polite {
	all := make([]*polite, n)
	for i := range all {
		all[i] = &polite{after: after}
		all[i].session, _ = r.sockets.place(fmt.Sprint(i), bus.OpenRequest{}, all[i])
		all[i].session.Enter()
	}
	return all
}

// read reads what waits, and acknowledges it.
func (p *polite) read(t *testing.T) (codes []wire.CloseCode) {
	k := &taker{}
	if _, err := p.session.Attach(k, session.Ack{}); err != nil {
		t.Error(err)
	}
	for _, f := range k.frames {
		codes = append(codes, f.Code)
	}
	return codes
}

// A taker is a sink that takes what is there.
type taker struct {
	frames []wire.Frame
	most   int // of them; 0 for all
}

func (k *taker) Deliver(_ string, _ uint64, frames []wire.Frame) (int, session.Outcome) {
	if k.most > 0 {
		frames = frames[:min(k.most, len(frames))]
	}
	for _, f := range frames {
		k.frames = append(k.frames, wire.Frame{Kind: f.Kind, Code: f.Code, Data: slices.Clone(f.Data)})
	}
	return len(frames), session.Done
}
func (k *taker) Detached(string, uint64, session.Why) {}

// drain begins a drain; the time of its end comes.
func (r *running) drain(ctx context.Context, after time.Duration) <-chan time.Time {
	done := make(chan time.Time, 1)
	go func() {
		r.Drain(ctx, after)
		done <- time.Now()
	}()
	synctest.Wait()
	return done
}

// isDone tells whether the drain has ended.
func isDone(done <-chan time.Time) bool {
	synctest.Wait()
	return len(done) > 0
}

// Sockets live on for the time given, and are then closed one by one; the drain ends
// with the last that is read.
func TestDrain(t *testing.T) {
	run(t, &poorBus{}, func(r *running) {
		const n = 200
		start, after := time.Now(), 30*time.Second
		all := r.put(n, time.Second)
		done := r.drain(r.Context(), after)
		node := announced
		node.Load, node.Draining = n, true
		r.listed(node) // at once
		if _, err := r.Open(r.Context(), bus.OpenRequest{Target: "ws://127.0.0.1:1/"}); !errors.Is(err, bus.ErrDeclined) {
			t.Errorf("a draining relay was asked: %v", err)
		}
		time.Sleep(after + leaveLast + time.Second)
		synctest.Wait()
		var at []time.Duration
		for i, p := range all {
			if p.code != wire.CloseGoingAway {
				t.Fatalf("%d: the target is closed with %d", i, p.code)
			}
			at = append(at, p.closed.Sub(start)-after)
		}
		slices.Sort(at)
		if at[0] < leaveFirst || at[n-1] > leaveLast {
			t.Errorf("closed between %v and %v", at[0], at[n-1])
		}
		for second := leaveFirst; second < leaveLast; second += time.Second {
			in := 0
			for _, d := range at {
				if d >= second && d < second+time.Second {
					in++
				}
			}
			if in == 0 || in > n/4 {
				t.Errorf("%d of %d were closed in the second from %v", in, n, second)
			}
		}
		for i, p := range all {
			if isDone(done) {
				t.Fatalf("it ended with %d sockets unread", n-i)
			}
			if got := p.read(t); !slices.Equal(got, []wire.CloseCode{wire.CloseServiceRestart}) {
				t.Errorf("%d: the client reads %v", i, got)
			}
		}
		if !isDone(done) {
			t.Error("it goes on without a socket")
		}
	})
}

// A drain is over as soon as there is no socket.
func TestDrainEmpty(t *testing.T) {
	for name, last := range map[string]func(r *running){
		"none":            nil,
		"they end":        func(r *running) { r.sockets.find("0").session.Drop() },
		"one fails":       func(r *running) { r.sockets.cancel() },
		"asked once more": func(r *running) { r.sockets.find("0").session.Drop(); r.Drain(r.Context(), time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, &poorBus{}, func(r *running) {
				if name == "one fails" {
					r.sockets.reserve(0)
				} else if last != nil {
					r.put(1, 0)
				}
				done := r.drain(r.Context(), time.Minute)
				if r.sockets.reserve(0) {
					t.Error("it still takes sockets")
				}
				if last != nil {
					time.Sleep(5 * time.Second)
					if isDone(done) {
						t.Fatal("it is over, with something left")
					}
					last(r)
				}
				if !isDone(done) {
					t.Error("it goes on without a socket")
				}
			})
		})
	}
}

// Sockets that end by themselves on the way are waited for, and not closed; also those
// that are about to be.
func TestDrainEnds(t *testing.T) {
	run(t, &poorBus{}, func(r *running) {
		all := r.put(2, 0)
		done := r.drain(r.Context(), 0)
		time.Sleep(leaveFirst - 1)
		all[0].session.OnClosed(4000, nil) // the target's own
		all[1].session.Drop()
		time.Sleep(leaveLast)
		if got := all[0].read(t); !slices.Equal(got, []wire.CloseCode{4000}) {
			t.Errorf("the client reads %v", got)
		}
		if !all[0].closed.IsZero() {
			t.Error("a target that has closed was closed")
		}
		if !isDone(done) {
			t.Error("it goes on")
		}
	})
}

// A client that does not come back holds the drain for its grace period.
func TestDrainGrace(t *testing.T) {
	run(t, &poorBus{}, func(r *running) {
		all := r.put(1, -1)
		start := time.Now()
		done := r.drain(r.Context(), 0)
		all[0].session.Leave()
		time.Sleep(time.Hour)
		if !isDone(done) {
			t.Fatal("it goes on")
		}
		if took := (<-done).Sub(start); took != 30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// A client that asks on, and has not read its close, holds the drain for as long as it
// reads something, and no longer.
func TestDrainUnread(t *testing.T) {
	for name, messages := range map[string]int{"nothing is read": 0, "it is read slowly": 5} {
		t.Run(name, func(t *testing.T) {
			run(t, &poorBus{}, func(r *running) {
				p := r.put(1, time.Second)[0]
				for range messages + 1 {
					p.session.OnMessage(wire.Frame{Kind: wire.Text, Data: []byte("x")})
				}
				done := r.drain(r.Context(), 0)
				time.Sleep(leaveLast + time.Second)
				last := time.Now()
				for range messages {
					k := &taker{most: 1}
					if _, err := p.session.Attach(k, session.Ack{}); err != nil || len(k.frames) != 1 {
						t.Fatalf("it reads %v, %v", k.frames, err)
					}
					last = time.Now()
					time.Sleep(lingerFor - 2*lingerCheck)
					if isDone(done) {
						t.Fatal("it is over, and a client was reading")
					}
				}
				time.Sleep(time.Hour)
				if !isDone(done) {
					t.Fatal("it goes on for a client that reads nothing")
				}
				if took := (<-done).Sub(last); took > lingerFor+2*lingerCheck {
					t.Errorf("it goes on for %v for a client that reads nothing", took)
				}
			})
		})
	}
}

// The end of ctx ends the drain, wherever it is, and Shut is for the rest.
func TestDrainCut(t *testing.T) {
	for name, at := range map[string]time.Duration{"waiting": time.Second, "closing": 20 * time.Second, "closed": time.Minute} {
		t.Run(name, func(t *testing.T) {
			run(t, &poorBus{}, func(r *running) {
				r.put(3, -1)
				ctx, cancel := context.WithCancel(r.Context())
				done := r.drain(ctx, 10*time.Second)
				time.Sleep(at)
				if isDone(done) {
					t.Fatal("it is over, with something left")
				}
				if cancel(); !isDone(done) {
					t.Error("it goes on")
				}
				r.Shut()
				for _, s := range r.sockets.shut() {
					k := &taker{}
					if _, err := s.session.Attach(k, session.Ack{}); err != nil || len(k.frames) != 1 || k.frames[0].Code != wire.CloseGoingAway {
						t.Errorf("after Shut the client reads %v, %v", k.frames, err)
					}
				}
			})
		})
	}
}

// What is being opened when the drain begins is a socket like any other; what still is
// when they are closed is not opened here.
func TestDrainOpening(t *testing.T) {
	r := newRelay(t)
	early, opened := opening(t.Context(), t, r)
	late, declined := opening(t.Context(), t, r)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	empty := r.sockets.drain() // as Drain does, which then waits
	close(early.answer)
	if err := receive(t, opened); err != nil {
		t.Errorf("begun before the drain: %v", err)
	}
	go func() {
		r.Drain(ctx, 0)
		close(done)
	}()
	if err := receive(t, declined); !errors.Is(err, bus.ErrDeclined) {
		t.Errorf("not open when the others are closed: %v", err)
	}
	if got := receive(t, late.ended); got != -1 {
		t.Errorf("the target was closed with %d", got)
	}
	select {
	case <-empty:
		t.Error("it is empty")
	default:
	}
	for _, s := range r.sockets.shut() {
		s.session.Drop()
	}
	receive(t, done)
	cancel()
}
