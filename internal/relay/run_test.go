package relay

import (
	"context"
	"errors"
	"log/slog"
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
	announce int           // so many announcements fail
	fail     chan struct{} // once closed, Serve fails
}

var errPoor = errors.New("the bus is down")

func (b *poorBus) Announce(ctx context.Context, n bus.Node) error {
	if b.announce > 0 {
		b.announce--
		return errPoor
	}
	return b.Bus.Announce(ctx, n)
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
	bus   *poorBus
	stop  context.CancelFunc
	ready chan struct{}
	done  chan error
}

func run(t *testing.T, b *poorBus, f func(r *running)) {
	synctest.Test(t, func(t *testing.T) {
		b.Bus, b.fail = membus.New(), make(chan struct{})
		rl := New(Options{Host: "relay.example:9001", Wildcard: true, Bus: b, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		r := &running{t, rl, b, stop, make(chan struct{}), make(chan error, 1)}
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
		want[i].ID = r.node
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

func TestRun(t *testing.T) {
	run(t, &poorBus{}, func(r *running) {
		if !r.isReady() {
			t.Error("it is not ready")
		}
		node := bus.Node{Host: "relay.example:9001", Wildcard: true}
		r.listed(node)
		s := r.sockets.put("id", "")
		if _, _, ok := r.sockets.Enter("id", ""); !ok {
			t.Error("no such socket")
		}
		time.Sleep(announceEvery)
		node.Load = 1
		r.listed(node)
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
		if _, err := r.bus.Open(t.Context(), r.node, bus.OpenRequest{Target: "ws://127.0.0.1/"}); !errors.Is(err, bus.ErrDeclined) {
			t.Errorf("it is still asked: %v", err)
		}
	})
}

func TestRunAnnouncesAgain(t *testing.T) {
	run(t, &poorBus{announce: 3}, func(r *running) {
		r.listed()
		time.Sleep(2 * announceEvery)
		synctest.Wait()
		if r.listed(); r.isReady() {
			t.Error("it is ready, and nobody knows it")
		}
		time.Sleep(announceEvery)
		r.listed(bus.Node{Host: "relay.example:9001", Wildcard: true})
		if !r.isReady() {
			t.Error("it is announced and not ready")
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
