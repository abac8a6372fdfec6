package main

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// listen listens on an address of a flag: a loopback one, without --open. Without
// it any target may be reached, so anybody who reaches this process would reach
// into its network.
func (d *dev) listen(flag, address string) (net.Listener, error) {
	addr, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: give it a host and a port, as 127.0.0.1:8080", flag, address, err)
	}
	if !addr.IP.IsLoopback() && !d.Open {
		return nil, fmt.Errorf("%s %s is not a loopback address: without keys, whoever reaches this process could open "+
			"sockets to any address it can reach. With --open it listens there all the same, and refuses private targets "+
			"unless --allow-private names them", flag, address)
	}
	network := "tcp"
	if addr.IP.To4() != nil {
		network = "tcp4" // else 0.0.0.0 is all of IPv6 too
	}
	l, err := net.ListenTCP(network, addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return l, nil
}

// handedOut is the name that clients reach the relay by; empty for the one that
// they used, where every address is listened on and none was named.
func (d *dev) handedOut(scheme string, addr net.Addr) string {
	if d.Host != "" || addr.(*net.TCPAddr).IP.IsUnspecified() {
		return d.Host
	}
	own := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return strings.TrimSuffix(addr.String(), own)
}

// reachable is an address by which this machine reaches what listens on addr.
func reachable(addr net.Addr) string {
	a := addr.(*net.TCPAddr).AddrPort()
	if a.Addr().IsUnspecified() {
		a = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).String()
}

// ownHost tells which Host a request may have that comes to addr, besides
// --host. A name is only taken where nobody else says where it leads.
func (d *dev) ownHost(addr net.Addr) func(host string) bool {
	ip := addr.(*net.TCPAddr).AddrPort().Addr().Unmap()
	return func(host string) bool {
		address, err := netip.ParseAddr(host)
		switch {
		case ip.IsUnspecified():
			return err == nil || endpoint.Loopback(host)
		case ip.IsLoopback():
			return endpoint.Loopback(host)
		}
		return err == nil && address.Unmap() == ip
	}
}
