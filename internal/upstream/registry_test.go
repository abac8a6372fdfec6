package upstream

import (
	"net/netip"
	"testing"
)

// registries are the rows of the IANA special-purpose address registries (IPv4 and
// IPv6), and what else is not the internet: of the IPv4 and IPv6 address space
// registries, of RFCs that took a prefix back, and of clouds. It knows nothing of
// what the guard is made of.
var registries = prefixes(
	// iana-ipv4-special-registry
	"0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32", "192.0.0.10/32", "192.0.0.170/32", "192.0.0.171/32", "192.0.2.0/24",
	"192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.88.99.2/32", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "255.255.255.255/32",
	// iana-ipv6-special-registry; ::ffff:0:0/96 is by the IPv4 address in it
	"::1/128", "::/128", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001::/32", "2001:1::1/128",
	"2001:1::2/128", "2001:1::3/128", "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28",
	"2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10",
	// multicast: RFC 5771, RFC 4291 §2.7
	"224.0.0.0/4", "ff00::/8",
	// IPv4-compatible: RFC 4291 §2.5.5.1; IPv4-translated: RFC 2765; site-local: RFC 3879
	"::/96", "::ffff:0:0:0/96", "fec0::/10",
	// not given out: iana-ipv6-address-space
	"::/8", "100::/8", "200::/7", "400::/6", "800::/5", "1000::/4", "4000::/3", "6000::/3", "8000::/3", "a000::/3", "c000::/3",
	"e000::/4", "f000::/5", "f800::/6", "fe00::/9",
	// Azure
	"168.63.129.16/32",
)

// hostile tells whether an address is of the registries, or leads to one.
func hostile(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	b := addr.As16()
	isatap := addr.Is6() && b[8]&^3 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
	return isatap || contains(registries, addr)
}

// last is the last address of a prefix.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(b); bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}

// middle is one from the midst of it.
func middle(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for bit := p.Bits() + 1; bit < 8*len(b); bit += 2 {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}

func TestRegistries(t *testing.T) {
	g := admitting(t, Rules{AnyPort: true})
	for _, p := range registries {
		for _, addr := range []netip.Addr{p.Addr(), middle(p), last(p)} {
			to := []netip.Addr{addr}
			if addr.Is4() {
				b := addr.As16()
				to = append(to, netip.AddrFrom16(b)) // mapped
				if !addr.IsUnspecified() {
					clear(b[10:12])
					to = append(to, netip.AddrFrom16(b)) // compatible
				}
			} else {
				to = append(to, addr.WithZone("lo"))
			}
			for _, addr := range to {
				if addr.Is4In6() && !contains(registries, addr.Unmap()) {
					continue // as ::ffff:0:0/96 has them: judged by what is in it
				}
				if g.admits(netip.AddrPortFrom(addr, 443)) {
					t.Errorf("%v of %v is let through", addr, p)
				}
			}
		}
	}
	// What stands beside is let through, where it is not in another row.
	n := 0
	for _, p := range registries {
		for _, addr := range []netip.Addr{p.Addr().Prev(), last(p).Next()} {
			if !addr.IsValid() || hostile(addr) || addr.Is4In6() {
				continue
			}
			if n++; !g.admits(netip.AddrPortFrom(addr, 443)) {
				t.Errorf("%v beside %v is not let through", addr, p)
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d neighbours", n)
	}
}
