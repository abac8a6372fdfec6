// Package relay holds the sockets of one process: it opens them when a router
// asks over the bus, lets the transports at them, and announces itself.
package relay

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/transport"
	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/internal/wire"
)

// Options are what a Relay works with.
type Options struct {
	// Host is the name that clients reach the relay by, with a port where it is
	// not the scheme's own. Empty: the name by which they reached the router.
	Host string
	// Wildcard says that the relay answers on every subdomain of Host.
	Wildcard bool
	// Zone is where the relay stands; empty for nowhere in particular.
	Zone string
	// Version is the program's, for whoever looks at the nodes.
	Version string
	// Bus is where routers ask. Required.
	Bus bus.Routers
	// Settings are what holds for new sockets, until Apply.
	Settings
	// Closed is told of each connection of a client that is closed here, and of which
	// its http.Server hears no more; nil: nobody is.
	Closed func(net.Conn)
	// Log is required.
	Log *slog.Logger
}

// Settings are the options that can be changed while the relay runs.
type Settings struct {
	// Dialer opens the connections to targets. Its MessageLimit is the Session's.
	Dialer upstream.Dialer
	// Session bounds each socket.
	Session session.Config
	// Capacity is how many sockets the relay holds at most, those that are being
	// opened among them; 0 for no bound.
	Capacity int
	// Memory is how many bytes the sockets and requests may hold in all: beyond it new
	// sockets are declined, and those that hold the most are closed; 0 for no bound.
	Memory int64
	// DialsPerAddress is how often one address of targets may be dialled, by all relays
	// together. Its Name is not looked at; without a Burst there is no limit.
	DialsPerAddress bus.Rate
}

// complete fills in what is left out.
func (s Settings) complete() *Settings {
	s.Session = s.Session.WithDefaults()
	s.Dialer.MessageLimit = s.Session.MessageLimit
	return &s
}

// A Relay is an http.Handler for the paths that Serves tells, and a bus.Handler. Make
// it with New, and end it with Shut, maybe after Drain.
type Relay struct {
	node     bus.Node // what does not change of it
	bus      bus.Routers
	log      *slog.Logger
	settings atomic.Pointer[Settings]
	sockets  *sockets
	budget   *budget.Budget
	leases   *leases
	handler  *transport.Handler
	outage   outage
	dialling outage
	changed  chan struct{}             // asks Run to announce at once
	heard    atomic.Pointer[time.Time] // when the last announcement was heard; nil: none was
	shut     context.Context           // ends with Shut, and with it what is being opened
	end      context.CancelFunc
}

// New makes a relay. Run makes it known.
func New(o Options) *Relay {
	r := &Relay{
		node:    bus.Node{ID: rand.Text(), Host: o.Host, Wildcard: o.Wildcard, Zone: o.Zone, Version: o.Version},
		bus:     o.Bus,
		log:     o.Log,
		outage:  outage{log: o.Log, lost: "the bus is lost: no router can pick this relay", back: "the bus is back: routers can pick this relay"},
		changed: make(chan struct{}, 1),
	}
	r.dialling = outage{log: o.Log, lost: "the relay cannot open sockets, and leaves them to others", back: "the relay can open sockets again"}
	r.leases = newLeases(o.Bus, &outage{
		log: o.Log, lost: "the bus is lost: sockets cease to count towards their limits", back: "the bus is back: sockets count towards their limits",
	})
	r.shut, r.end = context.WithCancel(context.Background())
	r.budget = new(budget.Budget)
	r.budget.SetLimit(o.Memory)
	r.sockets = newSockets(r.leases, r.budget)
	r.settings.Store(o.Settings.complete())
	r.handler = transport.New(r.sockets, r.settings.Load().Session.MessageLimit)
	if o.Closed != nil {
		r.handler.WhenClosed(o.Closed)
	}
	return r
}

// Apply has other settings hold for the sockets that are opened from now on. Those
// there are keep theirs; all count towards the capacity.
func (r *Relay) Apply(s Settings) {
	r.settings.Store(s.complete())
	r.budget.SetLimit(s.Memory)
	r.announceSoon() // the capacity
}

// Ready is nil while the relay takes new sockets, which it also does while it is full
// for a moment; else it says why it takes none.
func (r *Relay) Ready() error {
	switch at := r.heard.Load(); {
	case r.sockets.draining():
		return errors.New("the relay is draining: it takes no new sockets")
	case r.shut.Err() != nil:
		return errors.New("the relay is ending")
	case at == nil || time.Since(*at) >= bus.NodeLease:
		return errors.New("the relay is not known to routers: the bus does not hear it")
	}
	return nil
}

// Held is how many bytes the sockets and requests hold.
func (r *Relay) Held() int64 { return r.budget.Held() }

// Serves tells whether a path is one of the relay's.
func Serves(path string) bool { return transport.Serves(path) }

// ServeHTTP implements http.Handler.
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.handler.ServeHTTP(w, req) }

// Open implements bus.Handler: it opens the real WebSocket, if there is room.
func (r *Relay) Open(ctx context.Context, req bus.OpenRequest) (bus.OpenReply, error) {
	target, err := wire.ParseTarget(req.Target)
	if err != nil {
		return bus.OpenReply{}, wire.Errorf(wire.BadRequest, "target: %v", err)
	}
	settings := r.settings.Load()
	if r.budget.Full() || !r.sockets.reserve(settings.Capacity) {
		return bus.OpenReply{}, bus.ErrDeclined
	}
	p := newPending(ctx, req)
	defer p.end(nil)
	defer context.AfterFunc(r.shut, func() { p.end(nil) })()
	r.sockets.begin(p)
	defer r.sockets.begun(p)
	over := r.leases.dialling(req.Leases)
	conn, err := settings.Dialer.Dial(p.life, upstream.Request{
		Target: target, Protocols: req.Protocols, Origin: req.Origin, UserAgent: req.UserAgent,
		Attempt: r.attempt(settings.DialsPerAddress),
	})
	over()
	if err != nil {
		r.leases.free(req.Leases)
		r.sockets.cancel()
		if r.shut.Err() != nil || r.unable(err) {
			err = bus.ErrDeclined
		}
		return bus.OpenReply{}, p.because(err)
	}
	r.unable(nil)
	id := rand.Text() // 130 random bits
	if !r.sockets.add(id, p, conn, &settings.Session) {
		conn.Abort()
		r.leases.free(req.Leases)
		return bus.OpenReply{}, p.because(bus.ErrDeclined)
	}
	return bus.OpenReply{Socket: id, Protocol: conn.Protocol()}, nil
}

// unable tells whether a dial has failed for what this relay cannot: another may. It
// logs that.
func (r *Relay) unable(err error) bool {
	var said *wire.Error
	unable := errors.As(err, &said) && said.Code == wire.NoRelay
	if unable || err == nil {
		r.dialling.note(err)
	}
	return unable
}

// attempt counts the attempts at connections towards the rates of their addresses.
func (r *Relay) attempt(rate bus.Rate) func(context.Context, netip.Addr) error {
	if rate.Burst <= 0 {
		return nil
	}
	return func(ctx context.Context, to netip.Addr) error {
		rate := rate
		rate.Name = "dials:" + to.String()
		wait, err := r.bus.Take(ctx, []bus.Rate{rate})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return bus.Unavailable()
		case wait > 0:
			return bus.TooOften(wait)
		}
		return nil
	}
}

// shutTime is how long Shut tries to give the leases back.
const shutTime = 2 * time.Second

// Shut closes every socket with 1001, towards the target and the client, and
// opens none any more. Requests that are parked are answered, and streams end with
// the close. It returns when the answers are out, or have had a few seconds.
func (r *Relay) Shut() {
	r.end()
	for _, s := range r.sockets.shut() {
		s.session.Shut(wire.CloseGoingAway, "the relay is going away")
	}
	released := make(chan struct{})
	go func() {
		defer close(released)
		ctx, cancel := context.WithTimeout(context.Background(), shutTime)
		defer cancel()
		r.leases.shut(ctx)
	}()
	r.handler.Close()
	<-released
}
