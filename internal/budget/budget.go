// Package budget bounds the memory that a relay holds for others: messages that wait,
// bodies that arrive, answers that nobody reads. Whoever holds something for a socket
// says so to its Account; when all of them together hold more than the Budget, those
// that hold the most have to let go, and not the process.
package budget

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The numbers of making room.
const (
	// spare is the part of the budget that is free after room was made: one eighth.
	spare = 8
	// settle is how long what was told to let go is given, before others are told.
	settle = 100 * time.Millisecond
)

// A Budget is the bound, and what is held. The zero value has no bound, and counts.
type Budget struct {
	limit atomic.Int64 // bytes; 0: none
	held  atomic.Int64
	over  atomic.Pointer[chan struct{}] // nil while nobody makes room

	mu       sync.Mutex
	accounts map[*Account]struct{} // those that somebody holds for
}

// SetLimit has another bound hold, in bytes; 0 is none.
func (b *Budget) SetLimit(bytes int64) {
	b.limit.Store(bytes)
	b.judge(b.held.Load())
}

// Held is how many bytes are held.
func (b *Budget) Held() int64 { return b.held.Load() }

// Full tells whether more is held than there is room for: then Run makes some.
func (b *Budget) Full() bool {
	limit := b.limit.Load()
	return limit > 0 && b.held.Load() > limit
}

// judge wakes Run where too much is held.
func (b *Budget) judge(held int64) {
	limit := b.limit.Load()
	if limit == 0 || held <= limit {
		return
	}
	if over := b.over.Load(); over != nil {
		select {
		case *over <- struct{}{}:
		default: // it is awake
		}
	}
}

// Run makes room whenever more is held than the budget has, until ctx ends. evicted is
// told how many accounts had to let go, and of how many bytes. There may be one Run.
func (b *Budget) Run(ctx context.Context, evicted func(accounts int, bytes int64)) {
	over := make(chan struct{}, 1)
	b.over.Store(&over)
	defer b.over.Store(nil)
	b.judge(b.held.Load())
	for {
		select {
		case <-over:
		case <-ctx.Done():
			return
		}
		if n, bytes := b.makeRoom(); n > 0 {
			evicted(n, bytes)
		}
		timer := time.NewTimer(settle)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		b.judge(b.held.Load())
	}
}

// makeRoom tells the accounts that hold the most to let go, so that a part of the
// budget will be free.
func (b *Budget) makeRoom() (accounts int, bytes int64) {
	limit, held := b.limit.Load(), b.held.Load()
	if limit == 0 || held <= limit {
		return 0, 0
	}
	want := held - (limit - limit/spare)
	for _, a := range b.greediest() {
		if bytes >= want {
			break
		}
		accounts++
		bytes += a.bytes
		a.account.evict()
	}
	return accounts, bytes
}

// A holding is what an account held a moment ago.
type holding struct {
	account *Account
	bytes   int64
}

// greediest lists the accounts that hold something, the greediest first.
func (b *Budget) greediest() []holding {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]holding, 0, len(b.accounts))
	for a := range b.accounts {
		if bytes := a.held.Load(); bytes > 0 {
			all = append(all, holding{a, bytes})
		}
	}
	slices.SortFunc(all, func(x, y holding) int { return cmp.Compare(y.bytes, x.bytes) })
	return all
}
