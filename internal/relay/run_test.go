package relay

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/membus"
)

// A poorBus is a membus with faults.
type poorBus struct {
	*membus.Bus
	fail chan struct{} // once closed, Serve fails

	mu      sync.Mutex
	down    bool     // announcements and leases fail
	hangs   bool     // or do not come back
	taking  bool     // rates do not come back
	batches [2][]int // of leases, renewed and released, as they came
}

var errPoor = errors.New("the bus is down")

// set changes the faults.
func (b *poorBus) set(down, hangs bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down, b.hangs = down, hangs
}

// fault is what a call meets.
func (b *poorBus) fault(ctx context.Context) error {
	b.mu.Lock()
	down, hangs := b.down, b.hangs
	b.mu.Unlock()
	switch {
	case hangs:
		<-ctx.Done()
		return ctx.Err()
	case down:
		return errPoor
	}
	return nil
}

func (b *poorBus) Announce(ctx context.Context, n bus.Node) error {
	if err := b.fault(ctx); err != nil {
		return err
	}
	return b.Bus.Announce(ctx, n)
}

func (b *poorBus) Take(ctx context.Context, rates []bus.Rate) (time.Duration, error) {
	b.mu.Lock()
	taking := b.taking
	b.mu.Unlock()
	if taking {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return b.Bus.Take(ctx, rates)
}

func (b *poorBus) Renew(ctx context.Context, leases []bus.Lease) error {
	return b.batch(ctx, 0, leases, b.Bus.Renew)
}

func (b *poorBus) Release(ctx context.Context, leases []bus.Lease) error {
	return b.batch(ctx, 1, leases, b.Bus.Release)
}

func (b *poorBus) batch(ctx context.Context, what int, leases []bus.Lease, call func(context.Context, []bus.Lease) error) error {
	b.mu.Lock()
	b.batches[what] = append(b.batches[what], len(leases))
	b.mu.Unlock()
	if err := b.fault(ctx); err != nil {
		return err
	}
	return call(ctx, leases)
}

func (b *poorBus) Serve(ctx context.Context, node string, h bus.Handler, ready func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-b.fail:
			cancel(errPoor)
		case <-ctx.Done():
		}
	}()
	_ = b.Bus.Serve(ctx, node, h, ready)
	return context.Cause(ctx)
}

// A running relay is one in a bubble of virtual time.
type running struct {
	*testing.T
	*Relay
	bus    *poorBus
	stop   context.CancelFunc
	ready  chan struct{}
	done   chan error
	log    *journal
	report uint64 // the last that was listed
}

// A journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// count is how often something was logged.
func (j *journal) count(what string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), what)
}

func run(t *testing.T, b *poorBus, f func(r *running)) {
	synctest.Test(t, func(t *testing.T) {
		b.Bus, b.fail = membus.New(), make(chan struct{})
		log := &journal{}
		rl := New(Options{
			Host: "relay.example:9001", Wildcard: true, Zone: "eu-1", Version: "v1", Bus: b, Log: slog.New(slog.NewTextHandler(log, nil)),
			Settings: Settings{Capacity: 3},
		})
		ctx, stop := context.WithCancel(t.Context())
		r := &running{T: t, Relay: rl, bus: b, stop: stop, ready: make(chan struct{}), done: make(chan error, 1), log: log}
		go func() { r.done <- rl.Run(ctx, func() { close(r.ready) }) }()
		synctest.Wait()
		f(r)
		stop()
		rl.Shut()
		for _, s := range rl.sockets.shut() {
			s.session.Drop()
		}
	})
}

// listed expects what routers see.
func (r *running) listed(want ...bus.Node) {
	r.Helper()
	synctest.Wait()
	got, err := r.bus.Nodes(r.Context())
	for i := range want {
		want[i].ID = r.node.ID
	}
	for i := range got {
		if got[i].Report < r.report {
			r.Errorf("report %d after %d", got[i].Report, r.report)
		}
		r.report, got[i].Report = got[i].Report, 0
	}
	if diff := cmp.Diff(want, append([]bus.Node(nil), got...)); err != nil || diff != "" {
		r.Errorf("nodes, %v (-want +got)\n%s", err, diff)
	}
}

// isReady tells whether ready was called.
func (r *running) isReady() bool {
	select {
	case <-r.ready:
		return true
	default:
		return false
	}
}

// ended expects that Run has returned the error.
func (r *running) ended(want error) {
	r.Helper()
	synctest.Wait()
	select {
	case err := <-r.done:
		if !errors.Is(err, want) {
			r.Errorf("Run has returned %v", err)
		}
	default:
		r.Error("Run goes on")
	}
}

// announced is what routers see of an empty relay.
var announced = bus.Node{Host: "relay.example:9001", Wildcard: true, Zone: "eu-1", Version: "v1", Capacity: 3}

func TestRun(t *testing.T) {
	run(t, &poorBus{}, func(r *running) {
		if !r.isReady() {
			t.Error("it is not ready")
		}
		node := announced
		r.listed(node)
		s := r.sockets.put("id", "")
		if _, _, ok := r.sockets.Enter("id", ""); !ok {
			t.Error("no such socket")
		}
		time.Sleep(announceEvery)
		node.Load = 1
		before := r.report
		if r.listed(node); r.report <= before {
			t.Errorf("report %d after %d, with more to say", r.report, before)
		}
		time.Sleep(10 * bus.NodeLease) // the lease is renewed
		r.listed(node)
		s.Drop()
		time.Sleep(announceEvery)
		node.Load = 0
		r.listed(node)

		r.stop()
		r.ended(context.Canceled)
		r.listed() // at once
		time.Sleep(bus.NodeLease)
		r.listed()
		if _, err := r.bus.Open(t.Context(), r.node.ID, bus.OpenRequest{Target: "ws://127.0.0.1/"}); !errors.Is(err, bus.ErrDeclined) {
			t.Errorf("it is still asked: %v", err)
		}
	})
}

func TestRunAnnouncesAgain(t *testing.T) {
	run(t, &poorBus{down: true}, func(r *running) {
		r.listed()
		time.Sleep(2 * announceEvery)
		synctest.Wait()
		if r.listed(); r.isReady() {
			t.Error("it is ready, and nobody knows it")
		}
		r.bus.set(false, false)
		time.Sleep(announceEvery)
		r.listed(announced)
		if !r.isReady() {
			t.Error("it is announced and not ready")
		}
	})
}

// A bus that is lost, or does not answer, ends nothing, and is told of once.
func TestRunBusLost(t *testing.T) {
	for name, hangs := range map[string]bool{"fails": false, "hangs": true} {
		t.Run(name, func(t *testing.T) {
			run(t, &poorBus{}, func(r *running) {
				for round := 1; round <= 2; round++ {
					r.sockets.put("id", "")
					if _, _, ok := r.sockets.Enter("id", ""); !ok {
						t.Error("no such socket")
					}
					r.bus.set(true, hangs)
					time.Sleep(10 * bus.NodeLease)
					r.listed()
					if r.sockets.count() != 1 {
						t.Error("the socket is gone")
					}
					r.bus.set(false, false)
					time.Sleep(announceTimeout + announceEvery)
					node := announced
					node.Load = 1
					r.listed(node)
					if lost, back := r.log.count("the bus is lost: no router"), r.log.count("the bus is back: routers"); lost != round || back != round {
						t.Errorf("after %d rounds it was told %d times that the bus is lost, and %d times that it is back", round, lost, back)
					}
					r.sockets.find("id").session.Drop()
				}
			})
		})
	}
}

// The capacity is announced at once when it changes.
func TestRunApply(t *testing.T) {
	run(t, &poorBus{}, func(r *running) {
		node := announced
		for _, capacity := range []int{7, 0} {
			r.Apply(Settings{Capacity: capacity})
			node.Capacity = capacity
			r.listed(node)
		}
	})
}

func TestReady(t *testing.T) {
	run(t, &poorBus{down: true}, func(r *running) {
		is := func(when, want string) {
			t.Helper()
			err := r.Ready()
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", when, err)
			}
		}
		is("nobody has heard of it", "not known")
		r.bus.set(false, false)
		time.Sleep(announceEvery)
		synctest.Wait()
		is("announced", "")
		r.bus.set(true, false)
		time.Sleep(bus.NodeLease - 1)
		is("its lease holds", "")
		time.Sleep(time.Nanosecond)
		is("its lease has lapsed", "not known")
		r.bus.set(false, false)
		time.Sleep(announceEvery)
		synctest.Wait()
		is("the bus is back", "")
		s := r.sockets.put("id", "")
		go r.Drain(r.Context(), time.Hour)
		synctest.Wait()
		is("draining", "draining")
		s.Drop()
		synctest.Wait()
		is("drained", "draining")
	})
	run(t, &poorBus{}, func(r *running) {
		r.Shut()
		if err := r.Ready(); err == nil {
			t.Error("ready after Shut")
		}
	})
}

// What is not served must not be announced.
func TestRunServeFails(t *testing.T) {
	run(t, &poorBus{}, func(r *running) {
		time.Sleep(2 * announceEvery)
		close(r.bus.fail)
		r.ended(errPoor)
		r.listed()
	})
}
