package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/alecthomas/kong"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/config"
	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/router"
	"github.com/polysocket/polysocket/js"
)

// routerFlags is the command that runs a router.
type routerFlags struct {
	Listen string   `placeholder:"ADDR" help:"The address to listen on (${router_listen})."`
	Host   []string `placeholder:"NAME" help:"A name that it answers to, besides its addresses. May be repeated."`
	Origin []string `sep:"none" placeholder:"PATTERN" help:"Pages that may call, besides those of this machine and of --host: https://example.com, https://*.example.com, or * for all. May be repeated."`
	Zone   string   `placeholder:"NAME" help:"Where it stands: relays of the same zone are preferred."`

	shared `embed:""`
}

// Run runs the command until ctx ends.
func (f *routerFlags) Run(ctx context.Context, k *kong.Context) error {
	p, err := newProcess(config.RoleRouter, &f.shared, k)
	if err != nil {
		return err
	}
	defer p.end()
	t, err := newRouterTenant(p)
	if err != nil {
		return err
	}
	defer t.end()
	return p.run(ctx, t)
}

// A routerTenant is the router of a process.
type routerTenant struct {
	http.Handler // with the manners and the health around what serve does
	router       *router.Router
	process      *process
	keys         *keeper // nil: anybody is let in
	hosts        atomic.Pointer[[]string]
	leaving      atomic.Bool
	creating     atomic.Int64 // requests to the router under way
}

func newRouterTenant(p *process) (*routerTenant, error) {
	t := &routerTenant{process: p}
	o := router.Options{Bus: p.bus, Log: p.log}
	if p.config.Keys != nil {
		var err error
		if t.keys, err = newKeeper(p); err != nil {
			return nil, err
		}
		o.Tickets = p.bus
	}
	o.Settings = t.settings(p.config)
	t.router = router.New(o)
	own := ownHost(p.web.listener.Addr())
	hosts := known(func(host string) bool { return t.named(host) || own(host) }, "router.host", p.log)
	t.Handler = endpoint.Health(t.ready, endpoint.Polite(hosts, p.web.visitors.Counted(http.HandlerFunc(t.serve))))
	return t, nil
}

// settings are the router's, and the hosts are swapped at once.
func (t *routerTenant) settings(c *config.Config) router.Settings {
	t.hosts.Store(&c.Router.Host)
	return router.Settings{
		Auth: t.policy(c), Zone: c.Router.Zone, Proxies: c.Proxies,
		Limits: router.Limits{
			DialsPerToken: c.Limits.DialsPerToken, DialsPerHost: c.Limits.DialsPerHost,
			CreatesPerAddress: c.Limits.CreatesPerAddress, SocketsPerAddress: c.Limits.SocketsPerAddress,
		},
	}
}

// policy is that of the keys, or of an open router.
func (t *routerTenant) policy(c *config.Config) auth.Authorizer {
	if t.keys != nil {
		return t.keys
	}
	origins, _ := auth.ParseOrigins(c.Router.Origins) // the configuration has been checked
	return auth.Open{Hosts: func(host string) bool { return endpoint.Loopback(host) || t.named(host) }, Origins: origins}
}

func (t *routerTenant) named(host string) bool { return slices.Contains(*t.hosts.Load(), host) }

func (t *routerTenant) serve(w http.ResponseWriter, r *http.Request) {
	if js.Serves(r.URL.Path) {
		js.ServeHTTP(w, r)
		return
	}
	t.creating.Add(1)
	defer t.creating.Add(-1)
	t.router.ServeHTTP(w, r)
}

func (t *routerTenant) ready(ctx context.Context) error {
	if t.leaving.Load() {
		return errors.New("the router is ending")
	}
	return t.router.Ready(ctx)
}

func (t *routerTenant) apply(c *config.Config) {
	if t.keys != nil {
		t.keys.swap(t.process, c.Keys)
	}
	t.router.Apply(t.settings(c))
}

// end gives back what newRouterTenant has taken.
func (t *routerTenant) end() {
	if t.keys != nil {
		t.keys.end()
	}
}

// The numbers of a router's end.
const (
	leaveTime  = 5 * time.Second       // for the creates under way
	leaveCheck = 20 * time.Millisecond // how often they are counted
)

// leave waits until no create is under way. Those that still come are served: whoever
// sends them has not seen yet that the router is not ready.
func (t *routerTenant) leave() {
	t.leaving.Store(true)
	tick := time.NewTicker(leaveCheck)
	defer tick.Stop()
	for end := time.Now().Add(leaveTime); t.creating.Load() > 0 && time.Now().Before(end); {
		<-tick.C
	}
}
