package upstream

import (
	"errors"
	"net/netip"
	"syscall"

	"code.dny.dev/ssrf"
)

// errDenied is the guard's no. It holds no address: what a name resolves to
// inside the relay's network is nobody's business.
var errDenied = errors.New("the address may not be dialled")

// A Guard says which addresses may be dialled. It sees the address that a name
// was resolved to, for every attempt at a connection, so neither a name that
// points inwards nor one that changes its mind gets past it. The zero Guard
// lets only public addresses through: none of those in the IANA special-purpose
// registries, on any port.
type Guard struct {
	open     bool
	guardian *ssrf.Guardian // nil: publicOnly
}

var publicOnly = ssrf.New(ssrf.WithAnyPort())

// NewGuard makes a Guard that lets public addresses through, and those in allow.
func NewGuard(allow ...netip.Prefix) Guard {
	var v4, v6 []netip.Prefix
	for _, prefix := range allow {
		addr, bits := prefix.Addr(), prefix.Bits()
		if addr.Is4In6() && bits >= 96 { // ::ffff:10.0.0.0/104 is 10.0.0.0/8
			addr, bits = addr.Unmap(), bits-96
		}
		prefix = netip.PrefixFrom(addr, bits)
		if addr.Is4() {
			v4 = append(v4, prefix)
		} else {
			v6 = append(v6, prefix)
		}
	}
	return Guard{guardian: ssrf.New(ssrf.WithAnyPort(),
		ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))}
}

// OpenGuard is a Guard that lets everything through: for a relay on a
// developer's own machine.
func OpenGuard() Guard { return Guard{open: true} }

// control is for net.Dialer.Control: it is called with the resolved address
// before the socket connects.
func (g Guard) control(network, address string, _ syscall.RawConn) error {
	if g.open {
		return nil
	}
	if network != "tcp4" && network != "tcp6" {
		return errDenied
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return errDenied
	}
	guardian := g.guardian
	if guardian == nil {
		guardian = publicOnly
	}
	// A zone says by which interface, not to whom; and a prefix contains no
	// address that has one.
	if guardian.SafeAddr(to.Addr().Unmap().WithZone("")) != nil {
		return errDenied
	}
	return nil
}
