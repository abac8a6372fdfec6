package budget

import (
	"sync"
	"sync/atomic"
)

// An Account is what is held for one socket, or for one request that concerns many.
// Make it with Budget.Open. On a nil Account, for which nobody counts, all methods do
// nothing.
type Account struct {
	budget *Budget
	held   atomic.Int64

	mu      sync.Mutex
	holders []*holder
}

// A holder is somebody who holds something, and can be told to let go.
type holder struct{ letGo func() }

// Open makes an account. letGo is called, in a goroutine of the Budget's and maybe more
// than once, when the account has to give back what it can. The account is open until
// leave is called, and whoever else has joined has left.
func (b *Budget) Open(letGo func()) (a *Account, leave func()) {
	a = &Account{budget: b}
	return a, a.Join(letGo)
}

// Join has letGo called, too, until leave is.
func (a *Account) Join(letGo func()) (leave func()) {
	if a == nil {
		return func() {}
	}
	h := &holder{letGo}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.holders = append(a.holders, h); len(a.holders) == 1 {
		a.budget.enter(a)
	}
	return func() { a.leave(h) }
}

func (a *Account) leave(h *holder) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, o := range a.holders {
		if o == h {
			last := len(a.holders) - 1
			a.holders[i], a.holders[last] = a.holders[last], nil
			if a.holders = a.holders[:last]; last == 0 {
				a.holders = nil
				a.budget.exit(a)
			}
			return
		}
	}
}

// Add counts bytes that are held from now on or, where it is negative, not any more.
func (a *Account) Add(bytes int) {
	if a == nil || bytes == 0 {
		return
	}
	a.held.Add(int64(bytes))
	if held := a.budget.held.Add(int64(bytes)); bytes > 0 {
		a.budget.judge(held)
	}
}

// Held is how many bytes the account holds.
func (a *Account) Held() int64 {
	if a == nil {
		return 0
	}
	return a.held.Load()
}

// evict tells all who have joined to let go.
func (a *Account) evict() {
	a.mu.Lock()
	calls := make([]func(), len(a.holders))
	for i, h := range a.holders {
		calls[i] = h.letGo
	}
	a.mu.Unlock()
	for _, letGo := range calls {
		letGo()
	}
}

func (b *Budget) enter(a *Account) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.accounts == nil {
		b.accounts = make(map[*Account]struct{})
	}
	b.accounts[a] = struct{}{}
}

func (b *Budget) exit(a *Account) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.accounts, a)
}
