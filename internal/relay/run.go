package relay

import (
	"context"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// The numbers of announcements.
const (
	announceEvery   = bus.NodeLease / 5 // well within the lease
	announceTimeout = 2 * announceEvery // for one, and for the withdrawal
)

// Run announces the relay and serves what routers ask, until ctx ends. It calls
// ready when the relay can be picked. While the bus is lost it goes on, and so do the
// sockets.
func (r *Relay) Run(ctx context.Context, ready func()) error {
	serving := make(chan struct{})
	served := make(chan error, 1)
	go func() { served <- r.bus.Serve(ctx, r.node.ID, r, func() { close(serving) }) }()
	renewing, stop := context.WithCancel(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		r.leases.run(renewing)
	}()
	roomy := make(chan struct{})
	go func() {
		defer close(roomy)
		r.budget.Run(renewing, func(sockets int, bytes int64) {
			r.log.Warn("there is no more memory for sockets: those that held the most were closed", "sockets", sockets, "bytes", bytes)
		})
	}()
	defer func() {
		stop()
		<-renewed
		<-roomy
	}()
	select {
	case <-serving:
	case err := <-served:
		return err
	}
	tick := time.NewTicker(announceEvery)
	defer tick.Stop()
	for report := uint64(1); ; report++ {
		if r.announce(ctx, report) && ready != nil {
			ready()
			ready = nil
		}
		select {
		case <-tick.C:
		case <-r.changed:
		case err := <-served:
			r.withdraw(ctx)
			return err
		}
	}
}

// announce tells the routers of the relay as it is, and whether that was heard.
func (r *Relay) announce(ctx context.Context, report uint64) bool {
	n := r.node
	n.Load, n.Capacity, n.Draining, n.Report = r.sockets.count(), r.settings.Load().Capacity, r.sockets.draining(), report
	timed, cancel := context.WithTimeout(ctx, announceTimeout)
	defer cancel()
	err := r.bus.Announce(timed, n)
	if ctx.Err() == nil {
		r.outage.note(err)
	}
	if err != nil {
		return false
	}
	now := time.Now()
	r.heard.Store(&now)
	return true
}

// announceSoon has Run announce the relay at once, and not only at its next time. It is
// Run alone that does, so that no older announcement comes after a newer.
func (r *Relay) announceSoon() {
	select {
	case r.changed <- struct{}{}:
	default: // it is about to
	}
}

// withdraw tells the routers at once that the relay is gone. ctx may have ended.
func (r *Relay) withdraw(ctx context.Context) {
	timed, cancel := context.WithTimeout(context.WithoutCancel(ctx), announceTimeout)
	defer cancel()
	if err := r.bus.Withdraw(timed, r.node.ID); err != nil {
		r.log.Warn("the relay could not be withdrawn: it goes when its lease lapses", "error", err)
	}
}
