package main

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// listen listens on an address that a flag or a key of the configuration names: a
// loopback one, where it is not open to others. Any target may be reached then, so
// anybody who reaches this process would reach into its network.
func listen(named, address string, open bool) (net.Listener, error) {
	addr, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: give it a host and a port, as 127.0.0.1:8080", named, address, err)
	}
	if !addr.IP.IsLoopback() && !open {
		return nil, fmt.Errorf("%s %s is not a loopback address: without keys, whoever reaches this process could open "+
			"sockets to any address it can reach. With --open it listens there all the same, and refuses private targets "+
			"unless --allow-private names them", named, address)
	}
	network := "tcp"
	if addr.IP.To4() != nil {
		network = "tcp4" // else 0.0.0.0 is all of IPv6 too
	}
	l, err := net.ListenTCP(network, addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", named, err)
	}
	return l, nil
}

// handedOut is the name that clients reach the relay by: host, or where that is
// empty the address; empty for the one that they used, where every address is
// listened on.
func handedOut(host, scheme string, addr net.Addr) string {
	if host != "" || addr.(*net.TCPAddr).IP.IsUnspecified() {
		return host
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

// listening is the address that is listened on, as guards have it.
func listening(l net.Listener) netip.AddrPort { return l.Addr().(*net.TCPAddr).AddrPort() }

// ownHost tells which Host a request may have that comes to addr, besides the names
// that it was given. A name is only taken where nobody else says where it leads.
func ownHost(addr net.Addr) func(host string) bool {
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
