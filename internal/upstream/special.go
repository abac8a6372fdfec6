package upstream

import (
	"encoding/binary"
	"net/netip"

	"code.dny.dev/ssrf"
)

// special has the IANA special-purpose registries.
var special = ssrf.New(ssrf.WithAnyPort())

// wireServer answers virtual machines in Azure with what only they may know. It is
// the one such address that is in no registry.
var wireServer = netip.AddrFrom4([4]byte{168, 63, 129, 16})

// public tells whether an address is one of the internet's.
func public(addr netip.Addr) bool {
	return special.SafeAddr(addr) == nil && addr != wireServer
}

// The prefixes of addresses that lead to the IPv4 address in them.
var (
	compatible = netip.MustParsePrefix("::/96")          // RFC 4291 §2.5.5.1
	nat64      = netip.MustParsePrefix("64:ff9b::/96")   // RFC 6052 §2.1
	nat64Local = netip.MustParsePrefix("64:ff9b:1::/48") // RFC 8215
	sixToFour  = netip.MustParsePrefix("2002::/16")      // RFC 3056 §2
)

// embedded is the IPv4 address to which an IPv6 address leads, by a translator or
// through a tunnel.
func (p *policy) embedded(addr netip.Addr) (v4 netip.Addr, ok bool) {
	if !addr.Is6() {
		return v4, false
	}
	b := addr.As16()
	for _, prefix := range p.nat64 {
		if prefix.Contains(addr) {
			return translated(b, prefix.Bits()), true
		}
	}
	switch {
	case sixToFour.Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case nat64.Contains(addr), nat64Local.Contains(addr), isatap(b),
		compatible.Contains(addr) && !addr.IsLoopback() && !addr.IsUnspecified():
		return translated(b, 96), true
	}
	return v4, false
}

// isatap tells of the interface identifiers of RFC 5214 §6.1, be they universal
// (or to a group) or not.
func isatap(b [16]byte) bool {
	return b[8]&^3 == 0 && b[9] == 0 && binary.BigEndian.Uint16(b[10:]) == 0x5efe
}

// translates tells whether a prefix is one of RFC 6052 §2.2.
func translates(prefix netip.Prefix) bool {
	switch prefix.Bits() {
	case 32, 40, 48, 56, 64, 96:
		return prefix.Addr().Is6()
	}
	return false
}

// translated is the IPv4 address behind a prefix of RFC 6052 §2.2, which leaves out
// the bits 64 to 71.
func translated(b [16]byte, bits int) netip.Addr {
	var v4 [4]byte
	at := bits / 8
	for i := range v4 {
		if at == 8 {
			at++
		}
		v4[i] = b[at]
		at++
	}
	return netip.AddrFrom4(v4)
}
