package router

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/wire"
)

// addressOf is what a caller is counted by: an IPv4 address, or a /64 of IPv6.
func addressOf(r *http.Request, proxies []netip.Prefix) string {
	if block := endpoint.Block(endpoint.ClientAddr(r, proxies)); block.IsValid() {
		return block.String()
	}
	return "unknown" // all of them as one
}

// countCreate counts a create towards the rate of its caller's address.
func (rt *Router) countCreate(ctx context.Context, s *Settings, c *create) error {
	wait, err := rt.take(ctx, named("creates:"+c.address, s.Limits.CreatesPerAddress))
	if err == nil && wait > 0 {
		err = &wire.Error{Code: wire.RateLimited, Wait: wait, Message: "too many sockets are asked for from this address: wait as long as Retry-After says"}
	}
	return err
}

// countDial counts a create that is granted towards the rates of its key, its token,
// and its target's host: all or none.
func (rt *Router) countDial(ctx context.Context, s *Settings, c *create) error {
	var rates []bus.Rate
	if c.grant.Key != "" {
		rates = append(rates, named("key:"+c.grant.Key, c.grant.Rate)...)
	}
	if c.grant.Token != "" {
		rates = append(rates, named("token:"+c.grant.Token, s.Limits.DialsPerToken)...)
	}
	rates = append(rates, named("host:"+strings.TrimSuffix(c.target.Hostname(), "."), s.Limits.DialsPerHost)...)
	wait, err := rt.take(ctx, rates)
	if err == nil && wait > 0 {
		err = bus.TooOften(wait)
	}
	return err
}

// named is a rate by the name that it is counted by; none where there is no limit.
func named(name string, r auth.Rate) []bus.Rate {
	if r.Count <= 0 {
		return nil
	}
	return []bus.Rate{{Name: name, Every: r.Every(), Burst: r.Count}}
}

// take is the bus's, which is not asked for nothing.
func (rt *Router) take(ctx context.Context, rates []bus.Rate) (time.Duration, error) {
	if len(rates) == 0 {
		return 0, nil
	}
	wait, err := rt.bus.Take(ctx, rates)
	if err != nil {
		return 0, bus.Unavailable()
	}
	return wait, nil
}

// acquire takes a place within each limit that the socket counts towards. Where one
// has none left, the others are given back.
func (rt *Router) acquire(ctx context.Context, s *Settings, c *create) ([]bus.Lease, error) {
	id := rand.Text()
	var taken []bus.Lease
	for _, limit := range []struct {
		name, whose string
		most        int
	}{
		{"token:" + c.grant.Token, "with this token", c.grant.Limit},
		{"key:" + c.grant.Key, "with the key of this token", c.grant.KeyLimit},
		{"address:" + c.address, "from this address", s.Limits.SocketsPerAddress},
	} {
		if limit.most <= 0 {
			continue
		}
		lease := bus.Lease{Limit: limit.name, ID: id}
		ok, err := rt.bus.Acquire(ctx, lease, limit.most)
		switch {
		case err != nil: // it may be taken
			rt.release(append(taken, lease))
			return nil, bus.Unavailable()
		case !ok:
			rt.release(taken)
			return nil, wire.Errorf(wire.LimitReached, "as many sockets are open %s as may be: close one first", limit.whose)
		}
		taken = append(taken, lease)
	}
	return taken, nil
}

// releaseTimeout is how long giving places back is tried. Else they lapse.
const releaseTimeout = 2 * time.Second

func (rt *Router) release(leases []bus.Lease) {
	if len(leases) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), releaseTimeout)
	defer cancel()
	if err := rt.bus.Release(ctx, leases); err != nil {
		rt.log.Warn("places within limits could not be given back: they lapse", "error", err)
	}
}
