package redisbus

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/bustest"
	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
)

const secret = "a secret of the tests"

// open makes a bus that ends with the test.
func open(t testing.TB, url string) *Bus {
	t.Helper()
	b, err := New(Options{URL: url, Secret: secret, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// pair is a router and a relay, each a process of its own on the bus.
type pair struct {
	bus.Relays
	bus.Routers
	bus.Keys
	bus.Tickets
	router *Bus
}

func (p pair) Release(ctx context.Context, leases []bus.Lease) error {
	return p.Routers.Release(ctx, leases)
}

func (p pair) Take(ctx context.Context, rates []bus.Rate) (time.Duration, error) {
	return p.Routers.Take(ctx, rates)
}

func newPair(t testing.TB, url string) pair {
	router, relay := open(t, url), open(t, url)
	return pair{router, relay, router, router, router}
}

func TestBus(t *testing.T) {
	for _, kind := range []struct {
		name  string
		start func(t *testing.T) (url string)
	}{
		{"alone", func(t *testing.T) string { return redistest.Start(t, redistest.Options{}).URL() }},
		{"with a password", func(t *testing.T) string { return redistest.Start(t, redistest.Options{Password: "p/w:?#@"}).URL() }},
		{"with TLS", func(t *testing.T) string { return redistest.Start(t, redistest.Options{TLS: true}).URL() }},
		{"under Sentinel", func(t *testing.T) string {
			return redistest.StartSentinel(t, redistest.Options{Password: "p4ss"}).URL()
		}},
		{"as a Cluster", func(t *testing.T) string { return redistest.StartCluster(t, 3, 0).URL() }},
		// Whose connections do nothing else once they subscribe: it has the parts that do not.
		{"on miniredis", func(t *testing.T) string { return "redis://" + miniredis.RunT(t).Addr() }},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			url := kind.start(t)
			s := bustest.Setup{
				Open: func(t *testing.T) bustest.Bus {
					p := newPair(t, url)
					clean(t, p.router)
					return p
				},
				Lapse:  func(t *testing.T) { lapse(t, open(t, url)) },
				Around: func(t *testing.T, test func(*testing.T)) { test(t) },
			}
			bustest.RunLimits(t, s)
			bustest.RunTickets(t, s)
			bustest.RunRates(t, s)
			if kind.name == "on miniredis" {
				bustest.RunNodes(t, s)
				return
			}
			bustest.Run(t, s)
			bustest.RunKeys(t, s)
		})
	}
}

// clean empties Redis.
func clean(t *testing.T, b *Bus) {
	t.Helper()
	if _, err := b.current(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, node := range (*b.client.Load()).Nodes() {
		if err := node.Do(t.Context(), node.B().Flushall().Build()).Error(); err != nil {
			t.Fatal(err)
		}
	}
}

// lapse has the time of every lease gone by: what Redis keeps says when they end, and
// is moved back by that time.
func lapse(t *testing.T, b *Bus) {
	t.Helper()
	if _, err := b.current(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, node := range (*b.client.Load()).Nodes() {
		keys, err := node.Do(t.Context(), node.B().Keys().Pattern("polysocket:*").Build()).AsStrSlice()
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if strings.HasPrefix(key, ticketKey("")) {
				if err := node.Do(t.Context(), node.B().Del().Key(key).Build()).Error(); err != nil {
					t.Fatal(err)
				}
			}
			if key != leasesKey && !strings.HasPrefix(key, limitKey("")) {
				continue
			}
			held, err := node.Do(t.Context(), node.B().Zrange().Key(key).Min("0").Max("-1").Build()).AsStrSlice()
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range held {
				by := -float64((bus.LimitLease + time.Second).Milliseconds())
				if err := node.Do(t.Context(), node.B().Zincrby().Key(key).Increment(by).Member(id).Build()).Error(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
