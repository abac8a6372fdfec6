package router_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/membus"
	"github.com/polysocket/polysocket/internal/router"
	"github.com/polysocket/polysocket/internal/wire"
)

// counting runs f in virtual time, with a router that counts, and a token that is
// granted.
func counting(t *testing.T, limits router.Limits, grant auth.Grant, f func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.bus.Relays = membus.New()
		r.auth.grant = grant
		r.rt.Apply(router.Settings{Auth: r.auth, Limits: limits, Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
		f(t, r)
	})
}

func perMinute(n int) auth.Rate { return auth.Rate{Count: n, Per: time.Minute} }

// from is a create from an address, behind a proxy that is trusted.
func from(address string, more ...string) *http.Request {
	r := get(more...)
	r.Header.Set("X-Forwarded-For", address)
	return r
}

// What has no place is not dialled, and takes nothing of what others may dial; and what
// comes too often takes no place.
func TestRatesAndPlaces(t *testing.T) {
	grant := auth.Grant{Key: "k", Token: "t", Limit: 1}
	counting(t, router.Limits{DialsPerHost: auth.Rate{Count: 2, Per: 20 * time.Second}}, grant, func(t *testing.T, r *rig) {
		r.do(get()).socket(t)
		for range 5 {
			r.do(get()).is(t, 429, wire.LimitReached, "with this token")
		}
		r.auth.grant.Token, r.auth.grant.Limit = "u", 2
		r.do(get()).socket(t)
		for range 5 {
			r.do(get()).is(t, 429, wire.RateLimited, "to this target")
		}
		time.Sleep(10 * time.Second)
		r.do(get()).socket(t)
		r.do(get()).is(t, 429, wire.LimitReached, "with this token")
	})
}

func TestRates(t *testing.T) {
	granted := auth.Grant{Key: "k", Token: "t"}
	rated := granted
	rated.Rate = perMinute(3)
	for name, test := range map[string]struct {
		limits router.Limits
		grant  auth.Grant
		says   string
	}{
		"of an address": {router.Limits{CreatesPerAddress: perMinute(3)}, granted, "from this address"},
		"of a token":    {router.Limits{DialsPerToken: perMinute(3)}, granted, "too often with this token"},
		"of a host":     {router.Limits{DialsPerHost: perMinute(3)}, auth.Grant{}, "to this target"},
		"of a key":      {router.Limits{}, rated, "its key"},
		"of all of it": {router.Limits{
			CreatesPerAddress: perMinute(30), DialsPerToken: perMinute(3), DialsPerHost: perMinute(30),
		}, granted, "token"},
	} {
		counting(t, test.limits, test.grant, func(t *testing.T, r *rig) {
			for range 3 {
				r.do(from("198.51.100.1")).socket(t)
			}
			for range 3 {
				a := r.do(from("198.51.100.1"))
				a.is(t, 429, wire.RateLimited, test.says)
				if got := a.header.Get("Retry-After"); got != "20" {
					t.Errorf("%s: Retry-After: %s", name, got)
				}
			}
			if requests, _, _ := r.bus.state(); len(requests) != 3 {
				t.Errorf("%s: %d were asked for", name, len(requests))
			}
			time.Sleep(20 * time.Second)
			r.do(from("198.51.100.1")).socket(t)
			r.do(from("198.51.100.1")).is(t, 429, wire.RateLimited, test.says)
		})
	}
}

// Whoever is another has rates of their own.
func TestRatesApart(t *testing.T) {
	counting(t, router.Limits{CreatesPerAddress: perMinute(1)}, auth.Grant{}, func(t *testing.T, r *rig) {
		for _, address := range []string{"198.51.100.1", "198.51.100.2", "2001:db8:1:1::1", "2001:db8:1:2::1", "evil, 203.0.113.1"} {
			r.do(from(address)).socket(t)
		}
		for _, address := range []string{"198.51.100.2", "::ffff:198.51.100.1", "2001:db8:1:1:2::1", "203.0.113.1, 192.0.2.7", "198.51.100.9, 203.0.113.1"} {
			r.do(from(address)).is(t, 429, wire.RateLimited, "address")
		}
		// Who is no trusted proxy says nothing about others.
		direct := from("198.51.100.77")
		direct.RemoteAddr = "198.51.100.1:1"
		r.do(direct).is(t, 429, wire.RateLimited, "address")
	})
	counting(t, router.Limits{DialsPerHost: perMinute(1)}, auth.Grant{}, func(t *testing.T, r *rig) {
		r.do(get("target=ws://a.example/x")).socket(t)
		r.do(get("target=ws://b.example/x")).socket(t)
		r.do(get("target=wss://A.example:99/y")).is(t, 429, wire.RateLimited, "target")
		r.do(get("target=ws://a.example./x")).is(t, 429, wire.RateLimited, "target")
	})
	counting(t, router.Limits{DialsPerToken: perMinute(1)}, auth.Grant{Key: "k", Token: "t"}, func(t *testing.T, r *rig) {
		r.do(get()).socket(t)
		r.auth.grant.Token = "u"
		r.do(get()).socket(t)
		r.do(get()).is(t, 429, wire.RateLimited, "token")
	})
}

// A token is not looked at before its address may ask; what is refused counts there,
// and nowhere else.
func TestRateBeforeToken(t *testing.T) {
	counting(t, router.Limits{CreatesPerAddress: perMinute(3), DialsPerHost: perMinute(1)}, auth.Grant{}, func(t *testing.T, r *rig) {
		r.auth.err = wire.Errorf(wire.TokenInvalid, "no")
		for range 3 {
			r.do(from("198.51.100.1", "token=guess")).is(t, 401, wire.TokenInvalid, "no")
		}
		r.do(from("198.51.100.1", "token=guess")).is(t, 429, wire.RateLimited, "address")
		if len(r.auth.asked) != 3 {
			t.Errorf("%d tokens were looked at", len(r.auth.asked))
		}
		r.auth.err = nil
		r.do(from("198.51.100.2")).socket(t)
	})
}

// The policy is asked what came, and what it has allowed is opened, in its name.
func TestGrant(t *testing.T) {
	normal := &url.URL{Scheme: "wss", Host: "target.example", Path: "/normal"}
	grant := auth.Grant{Key: "k", Token: "t", Target: normal, Limit: 1, KeyLimit: 2}
	counting(t, router.Limits{SocketsPerAddress: 3}, grant, func(t *testing.T, r *rig) {
		r.do(from("198.51.100.1", "token=secret", "cb=f")).socket(t)
		asked := r.auth.asked[0]
		if !asked.JSONP || asked.Token != "secret" || asked.Target.String() != target || !asked.Caller.Browser {
			t.Errorf("%+v", asked)
		}
		requests, _, _ := r.bus.state()
		got := requests[0]
		if got.Target != normal.String() || got.Key != "k" || got.Token != "t" {
			t.Errorf("%+v", got)
		}
		var limits []string
		for _, l := range got.Leases {
			limits = append(limits, l.Limit)
			if len(l.ID) < 20 || l.ID != got.Leases[0].ID {
				t.Errorf("%+v", l)
			}
		}
		if diff := cmp.Diff([]string{"token:t", "key:k", "address:198.51.100.1/32"}, limits); diff != "" {
			t.Errorf("limits (-want +got)\n%s", diff)
		}
		r.do(get("token=secret")).is(t, 429, wire.LimitReached, "token")
		r.do(post("", "application/x-www-form-urlencoded", params("token=other").Encode())).is(t, 429, wire.LimitReached, "token")
		if r.auth.asked[2].JSONP {
			t.Error("a form is taken for JSONP")
		}
	})
}

// A limit is exact, however many ask at once, and each of them holds.
func TestLimits(t *testing.T) {
	for name, test := range map[string]struct {
		limits router.Limits
		grant  auth.Grant
		says   string
	}{
		"of a token":    {router.Limits{}, auth.Grant{Key: "k", Token: "t", Limit: 7, KeyLimit: 100}, "with this token"},
		"of a key":      {router.Limits{SocketsPerAddress: 100}, auth.Grant{Key: "k", Token: "t", Limit: 100, KeyLimit: 7}, "the key"},
		"of an address": {router.Limits{SocketsPerAddress: 7}, auth.Grant{Key: "k", Token: "t", Limit: 100, KeyLimit: 100}, "from this address"},
	} {
		counting(t, test.limits, test.grant, func(t *testing.T, r *rig) {
			var opened atomic.Int64
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					if a := r.do(from("198.51.100.1", fmt.Sprintf("nonce=%032d", i))); a.status == http.StatusOK {
						opened.Add(1)
					} else {
						a.is(t, 429, wire.LimitReached, test.says)
						if a.header.Get("Retry-After") == "" {
							t.Error("no Retry-After")
						}
					}
				})
			}
			wg.Wait()
			if opened.Load() != 7 {
				t.Errorf("%s: %d of 7", name, opened.Load())
			}
			// Who was refused holds no place in the other limits.
			requests, _, _ := r.bus.state()
			var held []bus.Lease
			for _, request := range requests {
				held = append(held, request.Leases...)
			}
			if err := r.bus.Release(t.Context(), held); err != nil {
				t.Fatal(err)
			}
			for _, limit := range []string{"token:t", "key:k", "address:198.51.100.1/32"} {
				if ok, err := r.bus.Acquire(t.Context(), bus.Lease{Limit: limit, ID: "x"}, 1); err != nil || !ok {
					t.Errorf("%s: somebody holds a place in %s", name, limit)
				}
			}
		})
	}
}

// What has not been opened holds no place.
func TestLimitAfterFailure(t *testing.T) {
	grant := auth.Grant{Key: "k", Token: "t", Limit: 1, KeyLimit: 1}
	for name, open := range map[string]func(context.Context, string) error{
		"the target refuses": func(context.Context, string) error { return wire.Errorf(wire.TargetRefused, "no") },
		"all are full":       func(context.Context, string) error { return bus.ErrDeclined },
		"it is not known":    func(context.Context, string) error { return bus.Unavailable() },
	} {
		counting(t, router.Limits{SocketsPerAddress: 1}, grant, func(t *testing.T, r *rig) {
			r.bus.open = open
			for range 3 {
				if a := r.do(get()); a.status < 500 {
					t.Errorf("%s: %s", name, a.raw)
				}
			}
			r.bus.open = nil
			time.Sleep(time.Second)
			r.rt.Apply(router.Settings{Auth: r.auth, Limits: router.Limits{SocketsPerAddress: 1}, Zone: "z"}) // has the nodes listed anew
			r.bus.nodes[0].Report++
			r.do(get()).socket(t)
			r.do(get()).is(t, 429, wire.LimitReached, "token")
		})
	}
	// The client goes while it is opened.
	counting(t, router.Limits{}, grant, func(t *testing.T, r *rig) {
		r.bus.open = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		ctx, cancel := context.WithCancel(t.Context())
		go func() { synctest.Wait(); cancel() }()
		r.do(get().WithContext(ctx))
		synctest.Wait()
		r.bus.open = nil
		r.do(get()).socket(t)
	})
}

// The same create again takes no second place, and counts once towards every rate,
// also when both are under way at once.
func TestNonceCountsOnce(t *testing.T) {
	limits := router.Limits{CreatesPerAddress: perMinute(1), DialsPerToken: perMinute(1), DialsPerHost: perMinute(1), SocketsPerAddress: 1}
	counting(t, limits, auth.Grant{Key: "k", Token: "t", Limit: 1, KeyLimit: 1, Rate: perMinute(1)}, func(t *testing.T, r *rig) {
		r.bus.open = func(context.Context, string) error { time.Sleep(time.Second); return nil }
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { r.do(get(nonce)).socket(t) })
		}
		wg.Wait()
		r.do(get(nonce)).socket(t)
		r.do(get(nonce, "cb=f")).socket(t)
		r.do(get(nonce+"x")).is(t, 429, wire.RateLimited, "address")
		if requests, _, _ := r.bus.state(); len(requests) != 1 {
			t.Errorf("%d were asked for", len(requests))
		}
	})
	// A refusal is not kept: who asks again counts again.
	counting(t, router.Limits{CreatesPerAddress: perMinute(2)}, auth.Grant{}, func(t *testing.T, r *rig) {
		r.auth.err = wire.Errorf(wire.TokenInvalid, "no")
		r.do(get(nonce)).is(t, 401, wire.TokenInvalid, "no")
		r.do(get(nonce)).is(t, 401, wire.TokenInvalid, "no")
		r.do(get(nonce)).is(t, 429, wire.RateLimited, "address")
		time.Sleep(time.Minute)
		r.auth.err = nil
		r.do(get(nonce)).socket(t)
	})
}

// deafBus counts nothing.
type deafBus struct{ bus.Relays }

func (deafBus) Take(context.Context, []bus.Rate) (time.Duration, error) {
	return 0, errors.New("redis is away")
}

func (deafBus) Acquire(context.Context, bus.Lease, int) (bool, error) {
	return false, errors.New("redis is away")
}

// What cannot be counted is not opened.
func TestUncounted(t *testing.T) {
	for name, limits := range map[string]router.Limits{
		"creates": {CreatesPerAddress: perMinute(1)}, "dials": {DialsPerHost: perMinute(1)}, "sockets": {SocketsPerAddress: 1},
	} {
		counting(t, limits, auth.Grant{}, func(t *testing.T, r *rig) {
			r.bus.Relays = deafBus{membus.New()}
			a := r.do(get())
			a.is(t, 503, wire.NoRelay, "no relay")
			if requests, _, _ := r.bus.state(); len(requests) > 0 {
				t.Errorf("%s: it was asked for", name)
			}
			if strings.Contains(a.raw, "redis") {
				t.Errorf("%s: %s", name, a.raw)
			}
		})
	}
}

// Neither a token nor its socket's id is logged whole.
func TestLogTellsNoToken(t *testing.T) {
	const token = "a-token-that-nobody-is-to-read"
	counting(t, router.Limits{}, auth.Grant{Key: "acme", Token: "t"}, func(t *testing.T, r *rig) {
		r.do(get("token=" + token)).socket(t)
		r.auth.err = wire.Errorf(wire.TokenExpired, "expired")
		r.do(get("token="+token)).is(t, 401, wire.TokenExpired, "expired")
		log := r.log.String()
		if strings.Contains(log, token) || strings.Contains(log, "socket-1") {
			t.Error(log)
		}
		if !slices.ContainsFunc(strings.Split(log, "\n"), func(l string) bool {
			return strings.Contains(l, "socket opened") && strings.Contains(l, "key=acme")
		}) {
			t.Errorf("the key is not logged: %s", log)
		}
	})
}
