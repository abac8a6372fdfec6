package membus

import (
	"context"
	"maps"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// rates say by name when what has happened would be all made up for, if it happened
// evenly: the theoretical arrival time of the generic cell rate algorithm.
type rates struct {
	at    map[string]time.Time
	sweep int // at how many names those that are over are forgotten
}

// leastSweep is how many names are kept without looking at them.
const leastSweep = 1024

// Take implements bus.Relays and bus.Routers.
func (b *Bus) Take(_ context.Context, of []bus.Rate) (time.Duration, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	next := make(map[string]time.Time, len(of))
	var wait time.Duration
	for _, r := range of {
		at, all := b.rates.at[r.Name], time.Duration(r.Burst)*r.Every
		if at.Before(now) {
			at = now
		}
		if most := now.Add(all); at.After(most) { // it was another rate before
			at = most
			b.rates.at[r.Name] = at
		}
		next[r.Name] = at.Add(r.Every)
		wait = max(wait, next[r.Name].Sub(now)-all)
	}
	if wait > 0 {
		return wait, nil
	}
	b.rates.set(next, now)
	return 0, nil
}

func (r *rates) set(next map[string]time.Time, now time.Time) {
	if r.at == nil {
		r.at = make(map[string]time.Time)
	}
	maps.Copy(r.at, next)
	if len(r.at) > max(r.sweep, leastSweep) {
		maps.DeleteFunc(r.at, func(_ string, at time.Time) bool { return !at.After(now) })
		r.sweep = 2 * len(r.at)
	}
}
