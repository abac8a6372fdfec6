// Package bus is what router and relay say to each other: the two meet nowhere
// else. A relay announces itself as a node and serves what is asked of it; a
// router lists the nodes and asks one of them to open a socket. What both count
// together, the sockets within a limit and how often something happens, is kept
// there too.
//
// Implementations: membus, for one process, and redisbus, for many. Every one
// passes bustest.
package bus

import (
	"context"
	"errors"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

const (
	// NodeLease is how long an announcement holds. A relay renews it several times
	// within.
	NodeLease = 5 * time.Second
	// LimitLease is how long a socket counts towards its limits. Its relay renews
	// it several times within, so that the sockets of a dead one stop counting.
	LimitLease = 25 * time.Second
)

// ErrDeclined is a node's, or stands for it where nobody is there: it has not
// opened the socket and will not, so that another node may be asked.
var ErrDeclined = errors.New("the relay takes no socket")

// A Node is a relay as it announces itself.
type Node struct {
	// ID names the node on the bus, and is unique to the process.
	ID string
	// Host is the name that clients reach the relay by, with a port where it is
	// not the scheme's own. Empty: by the name they reached the router by.
	Host string
	// Wildcard says that the relay answers on every subdomain of Host.
	Wildcard bool
	// Load is the number of sockets it holds or is opening.
	Load int
	// Capacity is how many it takes at most; 0 for no bound.
	Capacity int
	// Draining says that it takes no sockets any more.
	Draining bool
	// Zone is where it stands; empty for nowhere in particular.
	Zone string
	// Version is the program's.
	Version string
	// Report grows with each announcement, so that a router knows a newer Load.
	Report uint64
}

// A Lease is one socket's place within a limit. It is taken by a router, goes with
// the OpenRequest to the relay, which renews it for as long as the socket lives, and
// lapses after LimitLease.
type Lease struct {
	Limit string // what is limited, as "token:" and its hash
	ID    string // the socket's place; no capability, and not the socket's id
}

// An OpenRequest asks a relay to open a socket. What may be opened has been
// decided.
type OpenRequest struct {
	Target    string   // a URL that wire.ParseTarget accepts
	Protocols []string // subprotocols to offer, in order
	Origin    string   // the page's origin; empty where unknown
	UserAgent string   // the caller's; empty for none
	Leases    []Lease  // what the socket counts towards: the relay's, once it has opened it

	// By whom, so that their sockets can be closed; empty without keys.
	Key   string // the key's id
	Token string // the token's auth.TokenID, which tells nobody the token
}

// An OpenReply is a socket that is open.
type OpenReply struct {
	Socket   string // its id
	Protocol string // the subprotocol that the target chose
}

// CloseSockets tells a relay to end sockets: all that one of the lists names, those
// too that are being opened. What it does not hold is ignored.
type CloseSockets struct {
	Sockets []string // by their ids
	Keys    []string // all that were opened with the keys of these ids
	Tokens  []string // all that were opened with the tokens of these auth.TokenIDs

	// Code is what clients are told, with Reason, behind all that their targets send:
	// nothing is lost. Without one the sockets are dropped, and nobody is told.
	Code   wire.CloseCode
	Reason string // at most 123 bytes
}

// A Rate is how often something may happen: once in Every, and Burst times at once
// when it has not for long.
type Rate struct {
	Name  string        // what may: rates of one name are counted together
	Every time.Duration // 1µs at least
	Burst int           // 1 at least
}

// A Handler is a relay, as asked over the bus.
type Handler interface {
	// Open opens a socket. When ctx ends first, nothing stays open. Errors are
	// ErrDeclined, *wire.Error, or ctx's.
	Open(ctx context.Context, r OpenRequest) (OpenReply, error)
	// Close drops sockets.
	Close(c CloseSockets)
}

// Relays is the router's side of a bus.
type Relays interface {
	// Nodes lists the nodes whose lease holds, in no order. The list is the
	// caller's to change. It costs nothing: it is what was last heard. An error
	// says that the bus is down.
	Nodes(ctx context.Context) ([]Node, error)
	// Alive tells whether one of the nodes that match is there: it asks. The error
	// says that this cannot be told, as while the bus is down or has just come back.
	Alive(ctx context.Context, match func(Node) bool) (bool, error)
	// Open has a node open a socket, once or not at all. Errors are ErrDeclined,
	// *wire.Error (NoRelay where what became of the request is not known), or
	// ctx's; then nothing stays open.
	Open(ctx context.Context, node string, r OpenRequest) (OpenReply, error)
	// Tell has a node drop sockets.
	Tell(ctx context.Context, node string, c CloseSockets) error
	// Acquire takes a place within a limit of so many; false where all are taken.
	// It is exact, however many ask at once.
	Acquire(ctx context.Context, l Lease, most int) (bool, error)
	// Release gives places back. Those that have lapsed are ignored.
	Release(ctx context.Context, leases []Lease) error
	Taker
}

// A Taker is what both sides of a bus have to hold rates.
type Taker interface {
	// Take has what all of the rates name happen once more: it answers 0. Where it is
	// too often for one of them it counts for none, and the answer is how long it is
	// until it would not be. It is exact, however many ask at once.
	Take(ctx context.Context, rates []Rate) (wait time.Duration, err error)
}

// Routers is the relay's side of a bus.
type Routers interface {
	// Announce makes the node known, or renews what is known of it, for
	// NodeLease.
	Announce(ctx context.Context, n Node) error
	// Withdraw ends the node's lease at once.
	Withdraw(ctx context.Context, node string) error
	// Serve has h asked what the node is asked, until ctx ends, and returns then.
	// It tells ready when asking has begun to work.
	Serve(ctx context.Context, node string, h Handler, ready func()) error
	// Renew holds places for another LimitLease. One that had lapsed is taken
	// again, within the limit or not: the socket is there.
	Renew(ctx context.Context, leases []Lease) error
	// Release gives places back. Those that have lapsed are ignored.
	Release(ctx context.Context, leases []Lease) error
	Taker
}

// Unavailable is the answer where no node can be asked.
func Unavailable() error { return wire.Errorf(wire.NoRelay, "no relay is available: try again") }

// TooOften is the answer where a rate is held, whichever it is: of a target it tells
// nothing.
func TooOften(wait time.Duration) error {
	return &wire.Error{
		Code: wire.RateLimited, Wait: wait,
		Message: "sockets are opened too often with this token or its key, or to this target: wait as long as Retry-After says",
	}
}
