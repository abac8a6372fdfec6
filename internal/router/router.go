// Package router admits: it validates a create, asks whether it is authorised,
// picks the most available relay and has it open the socket, over the bus. It
// holds no sockets, and what it remembers (the answers of the last 30 s, by
// nonce) can be lost without harm.
package router

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync/atomic"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/endpoint"
)

// Options are what a Router works with. Bus, Auth and Log are required.
type Options struct {
	Bus bus.Relays
	// Tickets is where tickets are kept; nil: there are none, as where no token is
	// needed.
	Tickets bus.Tickets
	Log     *slog.Logger
	// Settings are what holds until Apply.
	Settings
}

// Settings are the options that can be changed while the router runs.
type Settings struct {
	Auth auth.Authorizer
	// Zone is where the router stands: relays of the same zone are preferred.
	// Empty for nowhere in particular.
	Zone   string
	Limits Limits
	// Proxies are those whose word on a caller's address counts.
	Proxies []netip.Prefix
}

// Limits hold for all, whatever their keys allow. The zero value has none.
type Limits struct {
	DialsPerToken     auth.Rate // how often a token may have a target dialled
	DialsPerHost      auth.Rate // how often a target's host may be dialled, by all together
	CreatesPerAddress auth.Rate // how often an address may ask, whatever is answered
	SocketsPerAddress int       // how many sockets an address may have open at once; 0: no limit
}

// A Router is an http.Handler for /create, /relay and, where there are tickets, /ticket. Make it with New.
type Router struct {
	bus      bus.Relays
	tickets  bus.Tickets
	log      *slog.Logger
	settings atomic.Pointer[Settings]
	picker   *picker
	nonces   nonces
}

// New makes a Router.
func New(o Options) *Router {
	rt := &Router{
		bus: o.Bus, tickets: o.Tickets, log: o.Log, nonces: nonces{opens: make(map[nonceKey]*opening)},
		picker: newPicker(rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), o.Zone),
	}
	rt.settings.Store(&o.Settings)
	return rt
}

// Apply has other settings hold for the creates that come from now on.
func (rt *Router) Apply(s Settings) {
	rt.settings.Store(&s)
	rt.picker.setZone(s.Zone)
}

// Ready is nil while the router can ask relays; else it says why it cannot.
func (rt *Router) Ready(ctx context.Context) error {
	if _, err := rt.bus.Nodes(ctx); err != nil {
		return errors.New("the router cannot ask relays: the bus is down") // everybody may read this, and not where it is
	}
	return nil
}

// ServeHTTP implements http.Handler.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if endpoint.Hopped(w, r) {
		return
	}
	switch r.URL.Path {
	case "/create":
		rt.create(w, r)
	case "/relay":
		rt.alive(w, r)
	case "/ticket":
		if rt.tickets == nil {
			endpoint.NotFound(w)
			return
		}
		rt.trade(w, r)
	default:
		endpoint.NotFound(w)
	}
}
