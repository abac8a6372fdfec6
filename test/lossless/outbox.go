package lossless

import (
	"context"
	"math/rand/v2"
	"sync"
)

// A unit is what has a number: a message, or a part of one.
type unit struct {
	Message
	n      uint64
	part   bool // so it travels alone, as it was cut once
	more   bool // the message goes on in the next number
	flying int  // in how many requests it is
	flown  bool // it has been in one
}

// An outbox has what is numbered and not passed on yet.
type outbox struct {
	conn *conn

	mu      sync.Mutex
	units   []*unit // from acked + 1 on
	acked   uint64
	bytes   int           // in units
	changed chan struct{} // closed when anything has
}

// What an outbox holds, and the window of the protocol.
const (
	boxUnits    = 300
	boxBytes    = 2 << 20
	windowUnits = 64
	windowBytes = 192 << 10 // a little less than it is: what is on its way twice counts as well
)

func newOutbox(c *conn) *outbox { return &outbox{conn: c, changed: make(chan struct{})} }

// change wakes all who wait. The lock is held.
func (b *outbox) change() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// until waits until f, which is called with the lock held, returns true.
func (b *outbox) until(ctx context.Context, f func() bool) error {
	for {
		b.mu.Lock()
		done, changed := f(), b.changed
		b.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// fill numbers what there is to send.
func (b *outbox) fill(ctx context.Context) error {
	r := rand.New(rand.NewPCG(b.conn.o.Seed, 1))
	for {
		m, ok := b.conn.o.Next(ctx)
		if !ok {
			return nil
		}
		for _, u := range cut(r, m, b.conn.o.Up) {
			err := b.until(ctx, func() bool {
				if len(b.units) >= boxUnits || b.bytes >= boxBytes {
					return false
				}
				u.n = b.acked + uint64(len(b.units)) + 1
				b.units = append(b.units, u)
				b.bytes += len(u.Data)
				b.change()
				return true
			})
			if err != nil {
				return err
			}
		}
		if m.Kind != Close {
			b.conn.stats.sent.Add(1)
			b.conn.stats.bytesUp.Add(int64(len(m.Data)))
		}
	}
}

// cut makes units of a message: one, or parts.
func cut(r *rand.Rand, m Message, ups []Up) []*unit {
	up := ups[r.IntN(len(ups))]
	parts := 1
	switch longest := up.longest(); {
	case m.Kind == Close || len(m.Data) == 0:
	case longest > 0 && len(m.Data) > longest:
		parts = (len(m.Data) + longest - 1) / longest
	case up.parts() && r.IntN(4) == 0:
		parts = 2 + r.IntN(4)
	}
	var units []*unit
	for i := range parts {
		part := m
		part.Data = m.Data[i*len(m.Data)/parts : (i+1)*len(m.Data)/parts]
		units = append(units, &unit{Message: part, part: parts > 1, more: i < parts-1})
	}
	return units
}

// take waits for units to send, and marks them as flying. They follow each other and fit into what sends them.
func (b *outbox) take(ctx context.Context, r *rand.Rand, up Up) (run []*unit, by Up, err error) {
	again := r.IntN(20) == 0 // what is on its way already
	most, size := up.batch(r)
	err = b.until(ctx, func() bool {
		first, ahead := 0, 0
		for !again && first < len(b.units) && b.units[first].flying > 0 {
			ahead += len(b.units[first].Data)
			first++
		}
		if first >= len(b.units) || first >= windowUnits || first > 0 && ahead+len(b.units[first].Data) > windowBytes {
			return false
		}
		by = up
		if !up.fits(b.units[first]) {
			by, most = Single, 1
		}
		for _, u := range b.units[first:] {
			if len(run) > 0 && (len(run) == most || size < 0 || !up.fits(u) || u.flying > 0 && !again) {
				break
			}
			size -= len(u.Data)
			run = append(run, u)
			b.fly(u)
		}
		return true
	})
	return run, by, err
}

// fly marks a unit. The lock is held.
func (b *outbox) fly(u *unit) {
	if u.flown {
		b.conn.stats.repeated.Add(1)
	}
	u.flying++
	u.flown = true
}

// following is the unit after one, marked as flying, or nil where none comes soon that fits. One that is flying already
// is taken only again.
func (b *outbox) following(ctx context.Context, last *unit, up Up, again bool) *unit {
	var next *unit
	err := b.until(ctx, func() bool {
		at := int(last.n - b.acked) // #nosec G115 // both are small
		if last.n < b.acked || at >= len(b.units) {
			return last.n < b.acked // its numbers have been passed on by another request: begin anew
		}
		if next = b.units[at]; !up.fits(next) || next.flying > 0 && !again {
			next = nil
			return true
		}
		b.fly(next)
		return true
	})
	if err != nil {
		return nil
	}
	return next
}

// landed says that a request with these units is over, and how far the relay has come, or 0.
func (b *outbox) landed(run []*unit, n uint64) (ahead bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, u := range run {
		u.flying--
	}
	if n > b.acked+uint64(len(b.units)) {
		return true
	}
	if b.acked < n {
		b.conn.goesOn()
	}
	for b.acked < n {
		first := b.units[0]
		if !first.more && first.Kind != Close {
			b.conn.stats.passed.Add(1)
		}
		b.bytes -= len(first.Data)
		b.units = b.units[1:]
		b.acked++
	}
	b.change()
	return false
}
