// Package relay holds the sockets of one process: it opens them when a router
// asks over the bus, lets the transports at them, and announces itself.
package relay

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"time"

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
}

// A Relay is an http.Handler for the paths that Serves tells, and a bus.Handler. Make
// it with New, and end it with Shut.
type Relay struct {
	options Options
	node    string // its name on the bus
	sockets sockets
	handler *transport.Handler
	shut    context.Context // ends with Shut, and with it what is being opened
	end     context.CancelFunc
}

// New makes a relay. Run makes it known.
func New(o Options) *Relay {
	o.Session = o.Session.WithDefaults()
	o.Dialer.MessageLimit = o.Session.MessageLimit
	r := &Relay{options: o, node: rand.Text()}
	r.shut, r.end = context.WithCancel(context.Background())
	r.sockets.byID = make(map[string]*socket)
	r.handler = transport.New(&r.sockets, o.Session.MessageLimit)
	return r
}

// Apply has other settings hold for the sockets that are opened from now on. Those
// there are keep theirs; all count towards the capacity.
func (r *Relay) Apply(s Settings) {}

// Ready is nil while the relay takes new sockets; else it says why it takes none.
func (r *Relay) Ready() error { return nil }

// Drain empties the relay.
func (r *Relay) Drain(ctx context.Context, after time.Duration) {}

// Serves tells whether a path is one of the relay's.
func Serves(path string) bool { return transport.Serves(path) }

// ServeHTTP implements http.Handler.
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.handler.ServeHTTP(w, req) }

// announceEvery renews the lease on the bus well within its time.
const announceEvery = bus.NodeLease / 5

// Run announces the relay and serves what routers ask, until ctx ends. It calls
// ready when the relay can be picked.
func (r *Relay) Run(ctx context.Context, ready func()) error {
	serving := make(chan struct{})
	served := make(chan error, 1)
	go func() { served <- r.options.Bus.Serve(ctx, r.node, r, func() { close(serving) }) }()
	select {
	case <-serving:
	case err := <-served:
		return err
	}
	tick := time.NewTicker(announceEvery)
	defer tick.Stop()
	for {
		if err := r.announce(ctx); err != nil {
			r.options.Log.Warn("the relay could not be announced", "error", err)
		} else if ready != nil {
			ready()
			ready = nil
		}
		select {
		case <-tick.C:
		case err := <-served:
			// Not ctx's: it has ended, and the routers are to know at once.
			if err := r.options.Bus.Withdraw(context.WithoutCancel(ctx), r.node); err != nil {
				r.options.Log.Warn("the relay could not be withdrawn", "error", err)
			}
			return err
		}
	}
}

func (r *Relay) announce(ctx context.Context) error {
	return r.options.Bus.Announce(ctx, bus.Node{
		ID: r.node, Host: r.options.Host, Wildcard: r.options.Wildcard, Load: r.sockets.count(),
	})
}

// Open implements bus.Handler: it opens the real WebSocket.
func (r *Relay) Open(ctx context.Context, req bus.OpenRequest) (bus.OpenReply, error) {
	target, err := wire.ParseTarget(req.Target)
	if err != nil {
		return bus.OpenReply{}, wire.Errorf(wire.BadRequest, "target: %v", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.shut, cancel)()
	conn, err := r.options.Dialer.Dial(ctx, upstream.Request{
		Target: target, Protocols: req.Protocols, Origin: req.Origin, UserAgent: req.UserAgent,
	})
	switch {
	case r.shut.Err() != nil && err != nil:
		return bus.OpenReply{}, bus.ErrDeclined
	case err != nil:
		return bus.OpenReply{}, err
	}
	id := rand.Text() // 130 random bits
	if !r.sockets.add(id, req.Origin, conn, &r.options.Session) {
		conn.Abort()
		return bus.OpenReply{}, bus.ErrDeclined
	}
	return bus.OpenReply{Socket: id, Protocol: conn.Protocol()}, nil
}

// Close implements bus.Handler: it drops sockets.
func (r *Relay) Close(c bus.CloseSockets) {
	for _, id := range c.Sockets {
		if s := r.sockets.find(id); s != nil {
			s.session.Drop()
		}
	}
}

// Shut closes every socket with 1001, towards the target and the client, and
// opens none any more. Requests that are parked are answered, and streams end with
// the close. It returns when the answers are out, or have had a few seconds.
func (r *Relay) Shut() {
	r.end()
	for _, s := range r.sockets.shut() {
		s.session.Shut(wire.CloseGoingAway, "the relay is going away")
	}
	r.handler.Close()
}
