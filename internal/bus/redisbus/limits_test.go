package redisbus

import (
	"fmt"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
)

// More than one command holds, in more limits than one server of a Cluster has.
func TestManyLeases(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"alone": redistest.Start(t, redistest.Options{}).URL(), "as a Cluster": redistest.StartCluster(t, 3, 0).URL(),
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, url)
			const limits, places = 7, perCommand + 300
			var all []bus.Lease
			for i := range limits {
				for j := range places {
					all = append(all, bus.Lease{Limit: fmt.Sprintf("token:%d}{x", i), ID: fmt.Sprint(j)})
				}
			}
			if err := b.Renew(t.Context(), all); err != nil {
				t.Fatal(err)
			}
			full := func(most int, want bool) {
				t.Helper()
				for i := range limits {
					l := bus.Lease{Limit: fmt.Sprintf("token:%d}{x", i), ID: "one more"}
					if ok, err := b.Acquire(t.Context(), l, most); err != nil || ok != want {
						t.Errorf("acquire %v within %d: %v, %v, want %v", l, most, ok, err, want)
					}
				}
			}
			full(places, false)
			full(places+1, true)
			if err := b.Release(t.Context(), all); err != nil {
				t.Fatal(err)
			}
			full(1, false) // the one more
			full(2, true)
		})
	}
}

// What counts nothing any more leaves nothing in Redis.
func TestLimitsVanish(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	b := open(t, server.URL())
	l := bus.Lease{Limit: "token:t", ID: "1"}
	if ok, err := b.Acquire(t.Context(), l, 1); err != nil || !ok {
		t.Fatal(ok, err)
	}
	var left time.Duration
	if _, err := fmt.Sscan(server.Do("PTTL", limitKey(l.Limit)), (*int64)(&left)); err != nil {
		t.Fatal(err)
	}
	if left *= time.Millisecond; left <= bus.LimitLease-10*time.Second || left > bus.LimitLease {
		t.Errorf("the limit stays for %v, want %v", left, bus.LimitLease)
	}
	if err := b.Release(t.Context(), []bus.Lease{l}); err != nil {
		t.Fatal(err)
	}
	if n := server.Do("EXISTS", limitKey(l.Limit)); n != "0" {
		t.Errorf("a limit without places is there: %s", n)
	}
}

// Nor does what happens no more.
func TestRatesVanish(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	b := open(t, server.URL())
	r := bus.Rate{Name: "a", Every: time.Minute, Burst: 3}
	for range 2 {
		if wait, err := b.Take(t.Context(), []bus.Rate{r}); err != nil || wait != 0 {
			t.Fatal(wait, err)
		}
	}
	var left int64
	if _, err := fmt.Sscan(server.Do("PTTL", rateKey("a")), &left); err != nil {
		t.Fatal(err)
	}
	if got := time.Duration(left) * time.Millisecond; got <= time.Minute || got > 2*time.Minute {
		t.Errorf("what makes up for two is kept for %v", got)
	}
}

// What a create counts towards costs one command for all rates that are taken
// together, and one for each limit.
func TestCostOfCounting(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	b := open(t, server.URL())
	count := func(i int) {
		t.Helper()
		rates := []bus.Rate{{Name: "a", Every: 1, Burst: 1000}, {Name: "b", Every: 1, Burst: 1000}, {Name: fmt.Sprint(i), Every: 1, Burst: 1000}}
		if wait, err := b.Take(t.Context(), rates); err != nil || wait != 0 {
			t.Fatal(wait, err)
		}
		if ok, err := b.Acquire(t.Context(), bus.Lease{Limit: "token:t", ID: fmt.Sprint(i)}, 1000); err != nil || !ok {
			t.Fatal(ok, err)
		}
	}
	count(0) // which has the scripts loaded
	before := calls(server)
	const times = 100
	for i := range times {
		count(1 + i)
	}
	spent := calls(server)
	if got := spent["evalsha"] - before["evalsha"]; got < 2*times || got > 2*times+times/10 { // the list, by the half second
		t.Errorf("%d times ran %d scripts", times, got)
	}
	if got := spent["eval"] - before["eval"]; got != 0 {
		t.Errorf("%d scripts were sent again", got)
	}
}
