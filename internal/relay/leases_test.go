package relay

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/membus"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

// lease has a socket with a place within a limit of one, which a router has taken.
func (r *running) lease(id string) (*session.Session, counted) {
	r.Helper()
	l := bus.Lease{Limit: "token:" + id, ID: "place " + id}
	if ok, err := r.bus.Acquire(r.Context(), l, 1); !ok || err != nil {
		r.Fatalf("acquire: %v, %v", ok, err)
	}
	s, h := r.sockets.place(id, bus.OpenRequest{Leases: []bus.Lease{l}}, nowhere{})
	s.Enter()
	return s, h.(counted)
}

// taken tells whether the place is.
func (r *running) taken(id string) bool {
	r.Helper()
	synctest.Wait()
	l := bus.Lease{Limit: "token:" + id, ID: "another"}
	ok, err := r.bus.Acquire(r.Context(), l, 1)
	if err != nil {
		r.Error(err)
	}
	if ok {
		_ = r.bus.Bus.Release(r.Context(), []bus.Lease{l})
	}
	return !ok
}

// A place is held for as long as its socket lives, and is free within a second of its
// end.
func TestLeases(t *testing.T) {
	for name, end := range map[string]func(s *session.Session, h counted){
		"the socket ends":        func(s *session.Session, _ counted) { s.Drop() },
		"its target closes":      func(_ *session.Session, h counted) { h.OnClosed(1000, nil) },
		"the one and the other":  func(s *session.Session, h counted) { h.OnClosed(1000, nil); s.Drop() },
		"the other and then one": func(s *session.Session, h counted) { s.Drop(); h.OnClosed(1000, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, &poorBus{}, func(r *running) {
				s, h := r.lease("a")
				_, other := r.lease("b")
				for range 20 {
					time.Sleep(bus.LimitLease / 3)
					if !r.taken("a") {
						t.Fatal("it does not count any more")
					}
				}
				end(s, h)
				time.Sleep(time.Second)
				if r.taken("a") {
					t.Error("it counts still")
				}
				time.Sleep(2 * bus.LimitLease)
				if r.taken("a") || !r.taken("b") {
					t.Error("of two one has ended, and the other counts no more, or both do")
				}
				other.free()
			})
		})
	}
}

// A place is held also while a target takes its time to open, and given back where it
// does not.
func TestLeasesOfDial(t *testing.T) {
	run(t, &poorBus{taking: true}, func(r *running) {
		s := *r.settings.Load()
		s.Dialer.Timeout, s.DialsPerAddress = 3*bus.LimitLease, bus.Rate{Every: time.Second, Burst: 1}
		r.Apply(s)
		l := bus.Lease{Limit: "token:a", ID: "place a"}
		if ok, err := r.bus.Acquire(r.Context(), l, 1); !ok || err != nil {
			r.Fatal(ok, err)
		}
		opened := make(chan error, 1)
		go func() {
			_, err := r.Open(r.Context(), bus.OpenRequest{Target: "ws://93.184.215.14/", Leases: []bus.Lease{l}})
			opened <- err
		}()
		for range 5 {
			time.Sleep(bus.LimitLease / 2)
			if !r.taken("a") {
				r.Error("it counts no more, and its target may open still")
				break
			}
		}
		var said *wire.Error
		if err := <-opened; !errors.As(err, &said) || said.Code != wire.TargetTimeout {
			r.Fatal(err)
		}
		time.Sleep(time.Second)
		if r.taken("a") {
			r.Error("it counts still")
		}
	})
}

// Many are renewed and given back in batches, and in few calls.
func TestLeasesBatches(t *testing.T) {
	run(t, &poorBus{}, func(r *running) {
		const n = 1200
		ends := make([]func(), n)
		for i := range n {
			s, h := r.lease(fmt.Sprint(i))
			ends[i] = func() { h.OnClosed(1000, nil); s.Drop() } // of the two the first counts
		}
		time.Sleep(renewEvery + releaseEvery/2)
		for _, end := range ends {
			end()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		for what, batches := range r.bus.batches {
			sum := 0
			for _, b := range batches {
				sum += b
				if b > leaseBatch || b == 0 {
					t.Errorf("%d in one call", b)
				}
			}
			if sum != n || len(batches) != 3 {
				t.Errorf("of kind %d there are %v", what, batches)
			}
		}
		for _, id := range []string{"0", "499", "500", "1199"} {
			if r.taken(id) {
				t.Errorf("%s counts still", id)
			}
		}
	})
}

// What the bus did not take is tried again, and told once; what has lapsed by itself is
// not.
func TestLeasesBusLost(t *testing.T) {
	for name, hangs := range map[string]bool{"fails": false, "hangs": true} {
		t.Run(name, func(t *testing.T) {
			run(t, &poorBus{}, func(r *running) {
				s, _ := r.lease("a")
				r.lease("b")
				time.Sleep(renewEvery)
				r.bus.set(true, hangs)
				time.Sleep(time.Second)
				s.Drop()
				time.Sleep(bus.LimitLease / 2)
				if !r.taken("a") || !r.taken("b") {
					t.Fatal("it does not count any more")
				}
				r.bus.set(false, false)
				time.Sleep(leaseTimeout + 2*releaseEvery)
				if r.taken("a") || !r.taken("b") {
					t.Error("after the bus came back")
				}
				if lost, back := r.log.count("cease to count"), r.log.count("sockets count towards"); lost != 1 || back != 1 {
					t.Errorf("told %d times that it is lost, and %d times that it is back", lost, back)
				}

				r.bus.set(true, hangs)
				r.sockets.find("b").session.Drop()
				time.Sleep(2 * bus.LimitLease)
				r.leases.mu.Lock()
				kept := len(r.leases.freed)
				r.leases.mu.Unlock()
				if kept != 0 {
					t.Error("what has lapsed is kept")
				}
				r.bus.set(false, false)
			})
		})
	}
}

// A bus that has come back empty is told again.
func TestLeasesEmptyRestart(t *testing.T) {
	run(t, &poorBus{}, func(r *running) {
		r.lease("a")
		time.Sleep(time.Second)
		held := bus.Lease{Limit: "token:a", ID: "place a"}
		if err := r.bus.Bus.Release(r.Context(), []bus.Lease{held}); err != nil || r.taken("a") {
			t.Fatal("the bus is not empty")
		}
		time.Sleep(renewEvery)
		if !r.taken("a") {
			t.Error("the socket does not count")
		}
	})
}

// Shut gives all back, if that can be done soon, and nobody takes them again.
func TestLeasesShut(t *testing.T) {
	run(t, &poorBus{}, func(r *running) {
		r.lease("a")
		r.Shut()
		for range 3 {
			if r.taken("a") {
				t.Error("it counts still")
			}
			time.Sleep(renewEvery)
		}
	})
	run(t, &poorBus{}, func(r *running) {
		r.lease("a")
		r.bus.set(true, true)
		time.Sleep(renewEvery + releaseEvery) // it is being renewed
		start := time.Now()
		r.Shut()
		if took := time.Since(start); took > shutTime {
			t.Errorf("it took %v", took)
		}
		r.bus.set(false, false)
	})
}

// Nobody renews a lease after another has given it back.
func TestLeasesTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &slowBus{poorBus: &poorBus{Bus: membus.New()}}
		l := newLeases(b, &outage{})
		held := bus.Lease{Limit: "token:a", ID: "a"}
		l.keep([]bus.Lease{held})
		go l.renew(t.Context())
		time.Sleep(time.Millisecond)
		go l.renew(t.Context()) // and one that waits
		time.Sleep(time.Millisecond)
		l.shut(t.Context())
		synctest.Wait()
		if ok, err := b.Acquire(t.Context(), bus.Lease{Limit: "token:a", ID: "b"}, 1); !ok || err != nil {
			t.Errorf("it counts still: %v", err)
		}
	})
}

// A slowBus takes its time to renew.
type slowBus struct{ *poorBus }

func (b *slowBus) Renew(ctx context.Context, leases []bus.Lease) error {
	time.Sleep(time.Second)
	return b.poorBus.Renew(ctx, leases)
}
