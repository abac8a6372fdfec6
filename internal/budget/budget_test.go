package budget

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// What holds the most lets go, and no more of it than must.
func TestTheGreediestLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Budget
		b.SetLimit(1000)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		evictions := 0
		go b.Run(ctx, func(n int, _ int64) { evictions += n })
		synctest.Wait()

		var all [10]*Account
		for i := range all {
			all[i], _ = b.Open(func() { all[i].Add(-int(all[i].Held())) })
			all[i].Add(10 * (i + 1)) // 550 in all
		}
		synctest.Wait()
		if evictions != 0 || b.Full() {
			t.Fatalf("%d were evicted where there was room", evictions)
		}
		all[3].Add(450) // as much as there may be: nobody has to let go, so there is no end of it
		synctest.Wait()
		if evictions != 0 || b.Full() {
			t.Errorf("%d were evicted, and it is full: %v", evictions, b.Full())
		}
		all[3].Add(30) // 1030
		if !b.Full() {
			t.Error("it is not full")
		}
		synctest.Wait()
		if evictions != 1 || all[3].Held() != 0 || all[9].Held() != 100 {
			t.Errorf("%d were evicted, and the greediest holds %d still", evictions, all[3].Held())
		}
		if b.Held() != 510 || b.Full() {
			t.Errorf("%d bytes are held, want 510", b.Held())
		}
	})
}

// Who does not let go at once is given a moment before others have to.
func TestOthersAreSparedForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Budget
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go b.Run(ctx, func(int, int64) {})
		synctest.Wait()
		var slow, other *Account
		slow, leave := b.Open(func() { time.AfterFunc(settle/2, func() { slow.Add(-int(slow.Held())) }) })
		defer leave()
		spared := true
		other, leave = b.Open(func() { spared = false })
		defer leave()
		slow.Add(600)
		other.Add(500)
		b.SetLimit(1000) // which is less than is held
		time.Sleep(10 * settle)
		if !spared || b.Held() != 500 {
			t.Errorf("spared: %v, and %d bytes are held", spared, b.Held())
		}
		other.Add(-500)
	})
}

// An account is there as long as somebody holds for it, and no longer.
func TestJoining(t *testing.T) {
	var b Budget
	calls := 0
	a, leave := b.Open(func() { calls++ })
	leaveToo := a.Join(func() { calls += 10 })
	a.evict()
	leave()
	leave()
	a.evict()
	if calls != 21 {
		t.Errorf("the calls were %d, want 21", calls)
	}
	if len(b.accounts) != 1 {
		t.Error("an account that somebody holds for is gone")
	}
	leaveToo()
	if len(b.accounts) != 0 {
		t.Error("an account that nobody holds for is there")
	}
	a.Join(func() {})()
	if len(b.accounts) != 0 {
		t.Error("it came back and stayed")
	}
}

func TestNilCountsNothing(t *testing.T) {
	var a *Account
	a.Add(5)
	a.Join(func() { t.Error("called") })()
	if a.Held() != 0 {
		t.Error("it counted")
	}
}

// Whoever adds and takes from many goroutines, nothing is left.
func TestNothingIsLeft(t *testing.T) {
	var b Budget
	b.SetLimit(1 << 20)
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		b.Run(ctx, func(int, int64) {})
	}()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				a, leave := b.Open(func() {})
				sum := 0
				for range 20 {
					n := rand.IntN(100_000)
					a.Add(n)
					sum += n
				}
				a.Add(-sum)
				leave()
			}
		})
	}
	all.Wait()
	stop()
	<-ran
	if b.Held() != 0 || len(b.accounts) != 0 {
		t.Errorf("%d bytes and %d accounts are left", b.Held(), len(b.accounts))
	}
}

func BenchmarkAdd(b *testing.B) {
	var budget Budget
	budget.SetLimit(1 << 40)
	a, leave := budget.Open(func() {})
	defer leave()
	for b.Loop() {
		a.Add(100)
		a.Add(-100)
	}
}
