package relay

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

// When a socket is closed that has not ended by itself: at a moment of its own, so that
// the clients do not all return at once.
const (
	leaveFirst = 3 * time.Second
	leaveLast  = 15 * time.Second
)

// Drain empties the relay. Routers are told at once that it takes no sockets any more,
// and those that ask are sent on. Its sockets live on; those that have not ended by
// themselves after the time given are closed with 1012, each at a moment of its own 3 to
// 15 s later. That loses nothing: what was answered has reached the target before its
// Close, and what the target sends before its own still goes down.
//
// Drain returns when no socket is left: its close has been read, or its grace period has
// gone by. It returns early when ctx ends; then Shut is for the rest.
func (r *Relay) Drain(ctx context.Context, after time.Duration) {
	empty := r.sockets.drain()
	r.announceSoon()
	r.log.Info("draining", "sockets", r.sockets.count(), "for", after)
	defer func() { r.log.Info("drained", "left", r.sockets.count()) }()
	if !passes(ctx, empty, after) {
		return
	}
	r.end() // what is still being opened, another relay opens
	start := time.Now()
	for _, d := range departures(r.sockets.shut()) {
		if !passes(ctx, empty, time.Until(start.Add(d.at))) {
			return
		}
		d.session.Retire(wire.CloseServiceRestart, "the relay is restarting")
	}
	select {
	case <-empty:
	case <-ctx.Done():
	}
}

// passes waits, and is false where the relay is empty or ctx ended before the time has
// passed.
func passes(ctx context.Context, empty <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-empty:
	case <-ctx.Done():
	}
	return false
}

// A departure is a session that is to be closed, and when.
type departure struct {
	session *session.Session
	at      time.Duration
}

// departures spreads the sockets over time, and is in its order.
func departures(of []*socket) []departure {
	all := make([]departure, len(of))
	for i, s := range of {
		all[i] = departure{s.session, leaveFirst + rand.N(leaveLast-leaveFirst)}
	}
	slices.SortFunc(all, func(a, b departure) int { return cmp.Compare(a.at, b.at) })
	return all
}
