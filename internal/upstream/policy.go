package upstream

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"github.com/polysocket/polysocket/internal/wire"
)

// A policy is Rules in the form in which they are asked, and what it has learned of
// this machine and of Redis.
type policy struct {
	allow, deny, nat64 []netip.Prefix
	anyPort            bool
	listeners          func() []netip.AddrPort
	own                ownAddresses
	redis              *redis // nil: there is none
}

func newPolicy(r Rules) *policy {
	p := &policy{
		allow: unmapped(r.Allow), deny: unmapped(r.Deny), anyPort: r.AnyPort, listeners: r.Listeners,
		own: ownAddresses{list: net.InterfaceAddrs},
	}
	for _, prefix := range unmapped(r.NAT64) {
		if translates(prefix) {
			p.nat64 = append(p.nat64, prefix)
		} else {
			p.deny = append(p.deny, prefix)
		}
	}
	if r.Redis != nil {
		p.redis = newRedis(r.Redis, r.Resolver)
	}
	return p
}

// unmapped has ::ffff:10.0.0.0/104 as 10.0.0.0/8.
func unmapped(prefixes []netip.Prefix) []netip.Prefix {
	all := make([]netip.Prefix, 0, len(prefixes))
	for _, prefix := range prefixes {
		addr, bits := prefix.Addr(), prefix.Bits()
		if addr.Is4In6() && bits >= 96 {
			addr, bits = addr.Unmap(), bits-96
		}
		all = append(all, netip.PrefixFrom(addr, bits))
	}
	return all
}

// errUnready is the answer of a guard that cannot tell what to keep from callers:
// another relay may.
var errUnready = wire.Errorf(wire.NoRelay, "the relay cannot open sockets at the moment: try again")

// A gate is a Guard for one dial. The nil gate lets everything through.
type gate struct {
	*policy
	ports     []uint16
	own       map[netip.Addr]struct{}
	forbidden []netip.AddrPort // whatever is allowed; an unspecified address is all of this machine's
}

// gate looks at this machine and at Redis, and is the guard for one dial, which
// may go to the ports besides those that all may. An error is a *wire.Error, or ctx's,
// and says besides what the caller is not told.
func (g Guard) gate(ctx context.Context, ports []uint16) (*gate, error) {
	if g.open {
		return nil, nil
	}
	p := g.policy
	if p == nil {
		p = newPolicy(Rules{})
	}
	own, err := p.own.get()
	if err != nil {
		return nil, fmt.Errorf("%w: this machine's addresses: %w", errUnready, err)
	}
	at := &gate{policy: p, ports: ports, own: own}
	if p.listeners != nil {
		at.forbidden = append(at.forbidden, p.listeners()...)
	}
	if p.redis == nil {
		return at, nil
	}
	endpoints, err := p.redis.endpoints(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the addresses of Redis: %w", errUnready, err)
	}
	for _, to := range endpoints {
		if at.isOwn(to.Addr()) { // it may listen at more addresses than at that
			to = netip.AddrPortFrom(netip.IPv6Unspecified(), to.Port())
		}
		at.forbidden = append(at.forbidden, to)
	}
	return at, nil
}

// control is for net.Dialer.Control: it is called with the address before the
// socket connects.
func (g *gate) control(network, address string, _ syscall.RawConn) error {
	if g == nil {
		return nil
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" || !g.admits(to) {
		return errDenied
	}
	return nil
}

// admits tells whether an endpoint may be dialled.
func (g *gate) admits(to netip.AddrPort) bool {
	if g == nil {
		return true
	}
	// A zone says by which interface, not to whom; and a prefix contains no
	// address that has one.
	return g.admitsPort(to.Port()) && g.admitsAddr(to.Addr().Unmap().WithZone(""), to.Port())
}

func (g *gate) admitsPort(port uint16) bool {
	return g == nil || g.anyPort || port == 80 || port == 443 || slices.Contains(g.ports, port)
}

// admitsAddr judges an address that is neither mapped nor has a zone. The port
// matters only for what is forbidden.
func (g *gate) admitsAddr(addr netip.Addr, port uint16) bool {
	if g.forbids(addr, port) || contains(g.deny, addr) {
		return false
	}
	if v4, ok := g.embedded(addr); ok {
		return (contains(g.allow, addr) || contains(g.nat64, addr)) && g.admitsAddr(v4, port)
	}
	return contains(g.allow, addr) || !g.isOwn(addr) && public(addr)
}

func (g *gate) forbids(addr netip.Addr, port uint16) bool {
	own := g.isOwn(addr)
	for _, to := range g.forbidden {
		switch listens := to.Addr().Unmap().WithZone(""); {
		case to.Port() != port:
		case listens == addr, own && listens.IsUnspecified():
			return true
		case addr.IsUnspecified() && g.isOwn(listens): // the kernel makes it an address of this machine
			return true
		}
	}
	return false
}

// isOwn tells whether an address is of this machine.
func (g *gate) isOwn(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	_, ok := g.own[addr]
	return ok || addr.IsLoopback() || addr.IsUnspecified()
}

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(addr) })
}
