package upstream

import (
	"errors"
	"net/netip"
)

// errDenied is the guard's no. It holds no address: what a name resolves to
// inside the relay's network is nobody's business.
var errDenied = errors.New("the target may not be dialled")

// Rules say what a Guard lets through. The zero value lets public addresses
// through, on the ports 80 and 443 and those of the Request: none of the IANA
// special-purpose registries, none of this machine's own.
type Rules struct {
	// Allow opens prefixes that are not public, or belong to this machine: as
	// 127.0.0.0/8 or 10.1.0.0/16. An IPv4 address inside of an IPv6 address
	// (NAT64, 6to4, IPv4-compatible, ISATAP) has to be allowed itself besides.
	Allow []netip.Prefix
	// Deny closes prefixes, also such as Allow opens: public addresses that lead
	// inwards, as those that a load balancer or NAT forwards to this machine.
	Deny []netip.Prefix
	// NAT64 are the prefixes by which this network translates to IPv4, of a length
	// that RFC 6052 §2.2 has. An address in one is judged by the IPv4 address in
	// it. Others of length are as if they stood in Deny.
	NAT64 []netip.Prefix
	// AnyPort opens every port.
	AnyPort bool
	// Listeners tells where this process listens, now: at 0.0.0.0 or [::] for every
	// address of the machine. Nothing opens these. Nil: nowhere. It is called at
	// every dial, from many goroutines.
	Listeners func() []netip.AddrPort
	// Redis tells the addresses of Redis, now, as host:port: of Sentinels and of
	// all nodes of a Cluster too. What begins with / is a Unix socket, and skipped.
	// Nothing opens these, nor what they were before. Where one has never been
	// resolved nothing is dialled. Nil: there is none. It is called at every dial,
	// from many goroutines.
	Redis func() []string
	// Resolver resolves the names that Redis tells; nil: net.DefaultResolver.
	Resolver Resolver
}

// A Guard says what may be dialled. It sees what a name was resolved to, before
// anything is dialled and once more for every attempt at a connection, so neither
// a name that points inwards nor one that changes its mind gets past it. The zero
// Guard is that of the zero Rules, but remembers nothing from dial to dial.
type Guard struct {
	open   bool
	policy *policy // nil: that of Rules{}
}

// Guard makes a Guard of the rules.
func (r Rules) Guard() Guard { return Guard{policy: newPolicy(r)} }

// NewGuard makes a Guard that lets public addresses through, and those in allow,
// on any port. Rules can say more.
func NewGuard(allow ...netip.Prefix) Guard {
	return Rules{Allow: allow, AnyPort: true}.Guard()
}

// OpenGuard is a Guard that lets everything through: for a relay on a
// developer's own machine.
func OpenGuard() Guard { return Guard{open: true} }
