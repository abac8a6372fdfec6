package relay

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// The numbers of leases.
const (
	renewEvery   = bus.LimitLease / 5     // all that are held
	releaseEvery = 500 * time.Millisecond // what was freed
	leaseBatch   = 500                    // at most in one call of the bus
	leaseTimeout = 2 * time.Second        // for one call
)

// leases keeps the places within limits that the relay's sockets have taken: it renews
// them while the sockets live, and then gives them back. Make it with newLeases.
type leases struct {
	bus    bus.Routers
	outage *outage
	turn   chan struct{} // full while the bus is called: nobody renews what another has given back

	mu    sync.Mutex
	held  map[bus.Lease]struct{}
	freed []freed // to be given back
}

// A freed lease is one whose socket has ended.
type freed struct {
	bus.Lease
	at time.Time
}

func newLeases(b bus.Routers, o *outage) *leases {
	return &leases{bus: b, outage: o, turn: make(chan struct{}, 1), held: make(map[bus.Lease]struct{})}
}

// keep holds the leases of a socket from now on.
func (l *leases) keep(of []bus.Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lease := range of {
		l.held[lease] = struct{}{}
	}
}

// dialling holds the leases of a socket that is being opened, where that takes long: who
// has taken them does not renew them. After over it holds none that it did not hold before:
// they are kept with the socket, or given back by free.
func (l *leases) dialling(of []bus.Lease) (over func()) {
	if len(of) == 0 {
		return func() {}
	}
	var mu sync.Mutex
	done := false
	late := time.AfterFunc(renewEvery, func() {
		mu.Lock()
		defer mu.Unlock()
		if !done {
			l.keep(of)
		}
	})
	return func() {
		late.Stop()
		mu.Lock()
		defer mu.Unlock()
		done = true
	}
}

// free has them given back soon; those that are not held are so already.
func (l *leases) free(of []bus.Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for _, lease := range of {
		if _, held := l.held[lease]; held {
			delete(l.held, lease)
			l.freed = append(l.freed, freed{lease, now})
		}
	}
}

// run renews and gives back until ctx ends.
func (l *leases) run(ctx context.Context) {
	tick := time.NewTicker(releaseEvery)
	defer tick.Stop()
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		l.release(ctx)
		if now := time.Now(); now.Sub(renewed) >= renewEvery && l.renew(ctx) { // else soon again
			renewed = now
		}
	}
}

// renew renews all that are held. It is false where the bus did not take all.
func (l *leases) renew(ctx context.Context) bool {
	if !l.begin(ctx) {
		return false
	}
	defer l.done()
	return l.each(ctx, l.bus.Renew, l.all()) == 0
}

func (l *leases) all() []bus.Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]bus.Lease, 0, len(l.held))
	for lease := range l.held {
		all = append(all, lease)
	}
	return all
}

// release gives back what was freed. What the bus does not take is tried again, until
// it has lapsed by itself.
func (l *leases) release(ctx context.Context) {
	if !l.begin(ctx) {
		return
	}
	defer l.done()
	l.mu.Lock()
	lapsed := time.Now().Add(-bus.LimitLease)
	taken := slices.DeleteFunc(l.freed, func(f freed) bool { return f.at.Before(lapsed) })
	l.freed = nil
	l.mu.Unlock()
	of := make([]bus.Lease, len(taken))
	for i, f := range taken {
		of[i] = f.Lease
	}
	left := l.each(ctx, l.bus.Release, of)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.freed = append(taken[len(taken)-left:], l.freed...)
}

// begin waits for the turn to call the bus, which done ends. It is false where ctx has
// ended.
func (l *leases) begin(ctx context.Context) bool {
	select {
	case l.turn <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *leases) done() { <-l.turn }

// each calls the bus with one batch after the other until it fails, and is how many
// leases are left then.
func (l *leases) each(ctx context.Context, call func(context.Context, []bus.Lease) error, of []bus.Lease) (left int) {
	for len(of) > 0 {
		batch := of[:min(leaseBatch, len(of))]
		timed, cancel := context.WithTimeout(ctx, leaseTimeout)
		err := call(timed, batch)
		cancel()
		if ctx.Err() == nil {
			l.outage.note(err)
		}
		if err != nil {
			break
		}
		of = of[len(batch):]
	}
	return len(of)
}

// shut gives back all, until ctx ends.
func (l *leases) shut(ctx context.Context) {
	l.free(l.all())
	l.release(ctx)
}
