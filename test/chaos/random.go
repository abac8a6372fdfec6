package chaos

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
)

// Random has a fault of its own for each connection. What it is depends on the seed and on how many connections there
// were before, and on nothing else.
type Random struct {
	seed  uint64
	draw  func(*rand.Rand) Fault
	count atomic.Uint64
}

// NewRandom has draw make the fault of each connection.
func NewRandom(seed uint64, draw func(*rand.Rand) Fault) *Random {
	return &Random{seed: seed, draw: draw}
}

// Serve implements Fault.
func (r *Random) Serve(ctx context.Context, client Conn, dial Dial) {
	r.draw(rand.New(rand.NewPCG(r.seed, r.count.Add(1)))).Serve(ctx, client, dial)
}

// Connections is how many connections there have been.
func (r *Random) Connections() uint64 { return r.count.Load() }
