package upstream

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"

	"github.com/polysocket/polysocket/internal/wire"
)

// A Resolver tells the addresses of a name, the best first, or an error where
// there are none. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// mostAddresses is how many addresses of a name are tried.
const mostAddresses = 6

var errUnnamed = errors.New("the name has no address")

func lookup(ctx context.Context, r Resolver, host string) ([]netip.Addr, error) {
	if r == nil {
		r = net.DefaultResolver
	}
	addrs, err := r.LookupNetIP(ctx, "ip", host)
	if err == nil && len(addrs) == 0 {
		err = errUnnamed
	}
	for i, addr := range addrs {
		addrs[i] = addr.Unmap()
	}
	return addrs, err
}

// endpoints resolves the target, once, and answers what may be dialled, in the
// order in which it is tried. A target of which one address is forbidden is
// forbidden wholly: who has a name lead inwards and outwards means no good, or
// means the way inwards.
func (d *Dialer) endpoints(ctx context.Context, target *url.URL, g *gate) ([]netip.AddrPort, error) {
	port := uint16(port(target))
	if !g.admitsPort(port) {
		return nil, denied()
	}
	addr, err := netip.ParseAddr(target.Hostname())
	addrs := []netip.Addr{addr.Unmap()}
	if err != nil {
		if addrs, err = lookup(ctx, d.Resolver, target.Hostname()); err != nil {
			return nil, unresolved(ctx)
		}
	}
	for _, addr := range addrs {
		if !g.admits(netip.AddrPortFrom(addr, port)) {
			return nil, denied()
		}
	}
	to := make([]netip.AddrPort, 0, mostAddresses)
	for _, addr := range alternate(addrs) {
		if len(to) < mostAddresses {
			to = append(to, netip.AddrPortFrom(addr, port))
		}
	}
	return to, nil
}

// alternate has the families take turns, the first one's address first, RFC 8305
// §4.
func alternate(addrs []netip.Addr) []netip.Addr {
	var first, second []netip.Addr
	for _, addr := range addrs {
		if addr.Is4() == addrs[0].Is4() {
			first = append(first, addr)
		} else {
			second = append(second, addr)
		}
	}
	turns := make([]netip.Addr, 0, len(addrs))
	for i := range max(len(first), len(second)) {
		if i < len(first) {
			turns = append(turns, first[i])
		}
		if i < len(second) {
			turns = append(turns, second[i])
		}
	}
	return turns
}

// denied is the one sentence for whatever may not be dialled. It names nothing, so
// that nobody learns where a name leads, or what is closed.
func denied() *wire.Error {
	return wire.Errorf(wire.TargetDenied, "the target may not be dialled")
}

// unresolved is the one sentence for names that do not resolve, for whatever reason.
// Once ctx is done its error stands.
func unresolved(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return wire.Errorf(wire.TargetUnreachable, "the target's host name could not be resolved")
}
