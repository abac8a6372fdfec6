package main

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/alecthomas/kong"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/config"
	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/relay"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/upstream"
)

// relayFlags is the command that runs a relay.
type relayFlags struct {
	Listen       string   `placeholder:"ADDR" help:"The address to listen on (${relay_listen})."`
	Host         string   `placeholder:"NAME" help:"The name handed out to clients, with a port where it is not the scheme's own. By default the address listened on."`
	Wildcard     *bool    `negatable:"" help:"Put a fresh label before --host each time: every name below it leads here."`
	Capacity     string   `placeholder:"N" help:"How many sockets it holds at most. By default as many as open files and memory allow."`
	Zone         string   `placeholder:"NAME" help:"Where it stands: routers of the same zone prefer it."`
	TargetCA     string   `name:"target-ca" placeholder:"FILE" help:"Trust this CA for wss targets too (PEM)."`
	AllowPrivate []string `placeholder:"CIDR" help:"Private addresses that may be targets all the same. May be repeated."`
	DrainTimeout string   `placeholder:"DURATION" help:"How long sockets may live on when it is told to end (${timeouts_drain})."`

	limits `embed:""`
	shared `embed:""`
}

// Run runs the command until ctx ends.
func (f *relayFlags) Run(ctx context.Context, k *kong.Context) error {
	p, err := newProcess(config.RoleRelay, &f.shared, k)
	if err != nil {
		return err
	}
	defer p.end()
	return p.run(ctx, newRelayTenant(p))
}

// A relayTenant is the relay of a process.
type relayTenant struct {
	http.Handler // with the manners and the health around the relay
	relay        *relay.Relay
	process      *process
	guards       upstream.Guard
	guarded      bool           // guards is made
	targets      config.Targets // that it was made for
	machine      machine
	drain        atomic.Int64 // nanoseconds
	stop         context.CancelFunc
	done         chan struct{}
}

func newRelayTenant(p *process) *relayTenant {
	t := &relayTenant{process: p, machine: thisMachine(), done: make(chan struct{})}
	c, addr := p.config, p.web.listener.Addr()
	s := t.settings(c)
	if c.Relay.Capacity == 0 {
		p.log.Info("relay.capacity is what this machine can have", "capacity", s.Capacity, "files", t.machine.files, "memory", t.machine.memory)
	}
	t.relay = relay.New(relay.Options{
		Host: handedOut(c.Relay.Host, p.web.scheme(), addr), Wildcard: c.Relay.Wildcard, Zone: c.Relay.Zone,
		Version: version, Bus: p.bus, Settings: s, Log: p.log, Closed: p.web.visitors.Closed,
	})
	own, name := ownHost(addr), endpoint.Hostname(c.Relay.Host)
	hosts := known(func(host string) bool {
		return name != "" && endpoint.Below(host, name, c.Relay.Wildcard) || own(host)
	}, "relay.host", p.log)
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if relay.Serves(r.URL.Path) {
			t.relay.ServeHTTP(w, r)
		} else {
			endpoint.NotFound(w)
		}
	})
	ready := func(context.Context) error { return t.relay.Ready() }
	t.Handler = endpoint.Health(ready, endpoint.Polite(hosts, p.web.visitors.Counted(serve)))

	ctx, stop := context.WithCancel(context.Background())
	t.stop = stop
	go func() {
		defer close(t.done)
		known := func() { p.log.Info("the relay is announced to routers") }
		if err := t.relay.Run(ctx, known); !errors.Is(err, context.Canceled) {
			p.web.failed <- stopped("the relay", err)
		}
	}()
	return t
}

// settings are the relay's, and the time to drain is swapped at once.
func (t *relayTenant) settings(c *config.Config) relay.Settings {
	t.drain.Store(int64(c.Timeouts.Drain))
	pool, _ := poolWith(c.TLS.CAs) // the configuration has been checked
	s := relay.Settings{
		Dialer: upstream.Dialer{
			Guard: t.guard(c), RootCAs: pool,
			Timeout: c.Timeouts.Target, CloseTimeout: c.Timeouts.Close,
		},
		Session: session.Config{
			MessageLimit: int(c.Limits.Message), BufferLimit: int(c.Limits.Buffer), Grace: c.Limits.Grace, Hold: c.Limits.Hold,
		},
		Capacity: c.Relay.Capacity,
		Memory:   int64(c.Limits.Memory),
	}
	if s.Memory == 0 {
		s.Memory = t.machine.budget()
	}
	if rate := c.Limits.DialsPerAddress; rate.Count > 0 {
		s.DialsPerAddress = bus.Rate{Every: rate.Every(), Burst: rate.Count}
	}
	if s.Capacity == 0 {
		s.Capacity = t.machine.capacity()
	}
	return s
}

// guard lets through what the router has authorised, on whichever port, where that is
// no address that must never be dialled. While nothing else is allowed or denied it is the same
// one, which remembers where Redis was.
func (t *relayTenant) guard(c *config.Config) upstream.Guard {
	if !t.guarded || !slices.Equal(t.targets.AllowPrivate, c.Targets.AllowPrivate) || !slices.Equal(t.targets.Deny, c.Targets.Deny) {
		t.guarded, t.targets = true, c.Targets
		t.guards = upstream.Rules{
			Allow: c.Targets.AllowPrivate, Deny: c.Targets.Deny, AnyPort: true,
			Listeners: func() []netip.AddrPort { return t.process.listening },
			Redis:     t.process.bus.Addresses,
		}.Guard()
	}
	return t.guards
}

func (t *relayTenant) apply(c *config.Config) { t.relay.Apply(t.settings(c)) }

// leave drains the relay, and withdraws it then.
func (t *relayTenant) leave() {
	t.relay.Drain(context.Background(), time.Duration(t.drain.Load()))
	t.relay.Shut() // what still waits is answered
	t.stop()
	<-t.done
}
