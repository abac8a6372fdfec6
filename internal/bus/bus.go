// Package bus is what router and relay say to each other: the two meet nowhere
// else. A relay announces itself as a node and serves what is asked of it; a
// router lists the nodes and asks one of them to open a socket.
//
// Implementations: membus, for one process. Every one passes bustest.
package bus

import (
	"context"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// LeaseTime is how long an announcement holds. A relay renews it several times
// within.
const LeaseTime = 5 * time.Second

// A Node is a relay as it announces itself.
type Node struct {
	// ID names the node on the bus, and is unique to the process.
	ID string
	// Host is the name that clients reach the relay by, with a port where it is
	// not the scheme's own. Empty: by the name they reached the router by.
	Host string
	// Wildcard says that the relay answers on every subdomain of Host.
	Wildcard bool
	// Load is the number of sockets it holds.
	Load int
}

// An OpenRequest asks a relay to open a socket. What may be opened has been
// decided.
type OpenRequest struct {
	Target    string   // a URL that wire.ParseTarget accepts
	Protocols []string // subprotocols to offer, in order
	Origin    string   // the page's origin; empty where unknown
	UserAgent string   // the caller's; empty for none
}

// An OpenReply is a socket that is open.
type OpenReply struct {
	Socket   string // its id
	Protocol string // the subprotocol that the target chose
}

// CloseSockets tells a relay to drop sockets; those it does not hold are
// ignored.
type CloseSockets struct {
	Sockets []string
}

// A Handler is a relay, as asked over the bus.
type Handler interface {
	// Open opens a socket. When ctx ends first, nothing stays open. Errors are
	// *wire.Error, or ctx's.
	Open(ctx context.Context, r OpenRequest) (OpenReply, error)
	// Close drops sockets.
	Close(c CloseSockets)
}

// Relays is the router's side of a bus.
type Relays interface {
	// Nodes lists the nodes whose lease holds, in no order. The list is the
	// caller's to change.
	Nodes(ctx context.Context) ([]Node, error)
	// Open has a node open a socket. Errors are *wire.Error (NoRelay where the
	// node cannot be asked), or ctx's; then nothing stays open.
	Open(ctx context.Context, node string, r OpenRequest) (OpenReply, error)
	// Tell has a node drop sockets.
	Tell(ctx context.Context, node string, c CloseSockets) error
}

// Routers is the relay's side of a bus.
type Routers interface {
	// Announce makes the node known, or renews what is known of it, for
	// LeaseTime.
	Announce(ctx context.Context, n Node) error
	// Withdraw ends the node's lease at once.
	Withdraw(ctx context.Context, node string) error
	// Serve has h asked what the node is asked, until ctx ends, and returns then.
	// It tells ready when asking has begun to work.
	Serve(ctx context.Context, node string, h Handler, ready func()) error
}

// Unavailable is the answer where no node can be asked.
func Unavailable() error { return wire.Errorf(wire.NoRelay, "no relay is available: try again") }
