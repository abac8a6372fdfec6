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

// After the last was closed: for how long none of those left need end or read anything,
// at least, until they are waited for no more; and how often that is looked at.
const (
	lingerFor   = 45 * time.Second
	lingerCheck = time.Second
)

// Drain empties the relay. Routers are told at once that it takes no sockets any more,
// and those that ask are sent on. Its sockets live on; those that have not ended by
// themselves after the time given are closed with 1012, each at a moment of its own 3 to
// 15 s later. That loses nothing: what was answered has reached the target before its
// Close, and what the target sends before its own still goes down.
//
// Drain returns when no socket is left: its close has been read, or its grace period has
// gone by. It returns early when ctx ends, and where those that are left ask on and read
// nothing for longer than their grace period would be; then Shut is for the rest.
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
	left := r.sockets.shut()
	for _, d := range departures(left) {
		if !passes(ctx, empty, time.Until(start.Add(d.at))) {
			return
		}
		d.session.Retire(wire.CloseServiceRestart, "the relay is restarting")
	}
	patience := max(lingerFor, r.settings.Load().Session.Grace)
	progress := read(left)
	for moved := time.Now(); time.Since(moved) < patience && passes(ctx, empty, lingerCheck); {
		if now := read(left); now != progress {
			moved, progress = time.Now(), now
		}
	}
}

// read grows with all that the clients of the sockets read, their closes too.
func read(of []*socket) (messages uint64) {
	for _, s := range of {
		messages += s.session.Acknowledged()
	}
	return messages
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
