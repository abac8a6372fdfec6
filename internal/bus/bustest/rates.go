package bustest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// RunRates runs the suite of what says how often something may happen.
func RunRates(t *testing.T, s Setup) {
	run(t, s, []test{
		{"a rate is exact, however many ask at once", testRate},
		{"what happens evenly may go on", testRateGoesOn},
		{"of some rates all are taken or none", testRatesTogether},
		{"rates are apart", testRatesApart},
		{"a rate that has become lower is not waited for longer than it takes", testRateLowered},
		{"without rates nothing is taken", testNoRates},
	})
}

// take expects that all are taken, or what is to be waited for: at most so long.
func take(t *testing.T, b Bus, most time.Duration, rates ...bus.Rate) (wait time.Duration) {
	t.Helper()
	wait, err := b.Take(t.Context(), rates)
	if err != nil {
		t.Fatal(err)
	}
	if most == 0 && wait != 0 || wait < 0 || wait > most || most > 0 && wait == 0 {
		t.Errorf("take %v: wait for %v, want 0 < and <= %v, or 0", rates, wait, most)
	}
	return wait
}

func hourly(name string, burst int) bus.Rate {
	return bus.Rate{Name: name, Every: time.Hour, Burst: burst}
}

func testRate(t *testing.T, b Bus, _ func(*testing.T)) {
	const burst = 7
	var taken atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			wait, err := b.Take(t.Context(), []bus.Rate{hourly("a", burst)})
			switch {
			case err != nil:
				t.Errorf("take: %v", err)
			case wait == 0:
				taken.Add(1)
			case wait > time.Hour:
				t.Errorf("wait for %v", wait)
			}
		})
	}
	wg.Wait()
	if taken.Load() != burst {
		t.Errorf("%d of a burst of %d", taken.Load(), burst)
	}
}

// It takes as long as it is said to, and no longer; and then there is room for one.
func testRateGoesOn(t *testing.T, b Bus, _ func(*testing.T)) {
	r := bus.Rate{Name: "a", Every: 500 * time.Millisecond, Burst: 3}
	began := time.Now()
	for range r.Burst {
		take(t, b, 0, r)
	}
	for taken := 0; taken < 2; {
		wait, err := b.Take(t.Context(), []bus.Rate{r})
		if err != nil {
			t.Fatal(err)
		}
		if wait == 0 {
			taken++
			continue
		}
		if wait > r.Every {
			t.Fatalf("wait for %v", wait)
		}
		timer := time.NewTimer(wait)
		<-timer.C
	}
	// A clock of Redis's own may be a little ahead.
	if took := time.Since(began); took < 2*r.Every-50*time.Millisecond {
		t.Errorf("5 were taken in %v", took)
	}
}

func testRatesTogether(t *testing.T, b Bus, _ func(*testing.T)) {
	wide, narrow := hourly("wide", 3), hourly("narrow", 1)
	take(t, b, 0, wide, narrow)
	for range 5 {
		take(t, b, time.Hour, wide, narrow)
		take(t, b, time.Hour, narrow, wide)
	}
	for range 2 {
		take(t, b, 0, wide)
	}
	take(t, b, time.Hour, wide)
}

func testRatesApart(t *testing.T, b Bus, _ func(*testing.T)) {
	for i := range 1500 { // more than are kept without a look at them
		take(t, b, 0, hourly(fmt.Sprintf("n}{%d", i), 1))
	}
	take(t, b, time.Hour, hourly("n}{0", 1))
	take(t, b, time.Hour, hourly("n}{1499", 1))
}

func testRateLowered(t *testing.T, b Bus, _ func(*testing.T)) {
	for range 100 {
		take(t, b, 0, hourly("a", 100))
	}
	r := bus.Rate{Name: "a", Every: 100 * time.Millisecond, Burst: 2}
	take(t, b, r.Every, r)
	eventually(t, func() string { // 10 s is less than an hour
		if wait, err := b.Take(t.Context(), []bus.Rate{r}); err != nil || wait > 0 {
			return fmt.Sprintf("wait for %v, %v", wait, err)
		}
		return ""
	})
}

func testNoRates(t *testing.T, b Bus, _ func(*testing.T)) { take(t, b, 0) }
