package bustest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/polysocket/polysocket/internal/bus"
)

// RunLimits runs the suite of what counts sockets.
func RunLimits(t *testing.T, s Setup) {
	run(t, s, []test{
		{"a limit is exact, however many ask at once", testLimit},
		{"what is given back can be taken again", testRelease},
		{"a lease that is not renewed lapses", testLimitLapse},
		{"a lease that has lapsed is taken again where its socket lives", testRenewLapsed},
		{"limits are apart", testLimitsApart},
	})
}

func acquire(t *testing.T, b Bus, l bus.Lease, most int, want bool) {
	t.Helper()
	if got, err := b.Acquire(t.Context(), l, most); err != nil || got != want {
		t.Errorf("acquire %v within %d: %v, %v, want %v", l, most, got, err, want)
	}
}

func place(id string) bus.Lease { return bus.Lease{Limit: "token:t", ID: id} }

func testLimit(t *testing.T, b Bus, _ func(*testing.T)) {
	const most = 7
	var taken atomic.Int64
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			ok, err := b.Acquire(t.Context(), place(fmt.Sprint(i)), most)
			if err != nil {
				t.Errorf("acquire: %v", err)
			}
			if ok {
				taken.Add(1)
			}
		})
	}
	wg.Wait()
	if taken.Load() != most {
		t.Errorf("%d of a limit of %d", taken.Load(), most)
	}
}

func testRelease(t *testing.T, b Bus, _ func(*testing.T)) {
	acquire(t, b, place("1"), 1, true)
	acquire(t, b, place("2"), 1, false)
	for range 2 { // the second time it is ignored
		if err := b.Release(t.Context(), []bus.Lease{place("1"), place("none")}); err != nil {
			t.Fatal(err)
		}
	}
	acquire(t, b, place("2"), 1, true)
	acquire(t, b, place("3"), 1, false)
}

func testLimitLapse(t *testing.T, b Bus, lapse func(*testing.T)) {
	acquire(t, b, place("1"), 2, true)
	acquire(t, b, place("2"), 2, true)
	lapse(t)
	acquire(t, b, place("3"), 1, true)
}

func testRenewLapsed(t *testing.T, b Bus, lapse func(*testing.T)) {
	acquire(t, b, place("1"), 1, true)
	lapse(t)
	acquire(t, b, place("2"), 1, true)
	if err := b.Renew(t.Context(), []bus.Lease{place("1"), place("2")}); err != nil {
		t.Fatal(err)
	}
	acquire(t, b, place("3"), 2, false)
	acquire(t, b, place("3"), 3, true)
}

func testLimitsApart(t *testing.T, b Bus, _ func(*testing.T)) {
	acquire(t, b, bus.Lease{Limit: "token:a", ID: "1"}, 1, true)
	acquire(t, b, bus.Lease{Limit: "token:b", ID: "1"}, 1, true)
	acquire(t, b, bus.Lease{Limit: "token:a", ID: "2"}, 1, false)
}
