package endpoint

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ClientAddr is the address that a request comes from: the connection's own or,
// where that is one of the trusted proxies, the last address that a trusted proxy
// names and that is no trusted proxy itself. X-Forwarded-For and Forwarded
// (RFC 7239) are read from the right, where the proxies write; an entry that is no
// address ends the walk, and the proxy that wrote it is the answer. Where both
// headers are there and tell of different addresses, one of them may be the
// client's own invention, and the connection's address is the answer.
//
// It is a plain address, never an IPv4 one inside IPv6, and has no zone. It is the
// zero Addr where the connection has none, as over a Unix socket.
func ClientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer := remoteAddr(r)
	if !trusts(trusted, peer) {
		return peer
	}
	plain, listed := r.Header["X-Forwarded-For"], r.Header["Forwarded"]
	switch {
	case len(listed) == 0:
		return walk(peer, plain, trusted, cutPlain, hostOf)
	case len(plain) == 0:
		return walk(peer, listed, trusted, cutListed, forOf)
	}
	addr := walk(peer, plain, trusted, cutPlain, hostOf)
	if addr != walk(peer, listed, trusted, cutListed, forOf) {
		return peer
	}
	return addr
}

// Block is what an address is counted by: itself or, since one customer has no less
// of IPv6, the /64 that it is in. The zero Addr's is the zero Prefix.
func Block(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// remoteAddr is the address of the request's connection.
func remoteAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// walk goes from the connection's address through the entries of a header, last
// one first, until one is no trusted proxy.
func walk(addr netip.Addr, lines []string, trusted []netip.Prefix, cut func(string) (string, string, bool), read func(string) (netip.Addr, bool)) netip.Addr {
	for _, line := range slices.Backward(lines) {
		for more := true; more; {
			var entry string
			line, entry, more = cut(line)
			next, ok := read(entry)
			if !ok {
				return addr
			}
			if addr = next; !trusts(trusted, addr) {
				return addr
			}
		}
	}
	return addr
}

func trusts(trusted []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// cutPlain takes the last entry off a list.
func cutPlain(list string) (before, last string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return "", list, false
}

// cutListed is cutPlain for a list whose entries may have commas in quotes. It reads
// from the right too, so that a quote which a client has left open does not swallow
// what a proxy has put behind it.
func cutListed(list string) (before, last string, more bool) {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		switch {
		case list[i] == '"':
			quoted = !quoted
		case list[i] == ',' && !quoted:
			return list[:i], list[i+1:], true
		}
	}
	return "", list, false
}

// forOf is the address in the for= of an element of Forwarded (RFC 7239 §4 and §6).
// One that has two, or a name in its stead, has none.
func forOf(element string) (netip.Addr, bool) {
	var node string
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
		if !strings.EqualFold(name, "for") {
			continue
		}
		if node != "" {
			return netip.Addr{}, false
		}
		node = value
	}
	if inner, ok := strings.CutPrefix(node, `"`); ok {
		if node, ok = strings.CutSuffix(inner, `"`); !ok {
			return netip.Addr{}, false
		}
	}
	return hostOf(node)
}

// hostOf reads an address as proxies write it: with a port or without, an IPv6 one in
// brackets or not.
func hostOf(s string) (netip.Addr, bool) {
	s = strings.Trim(s, " \t")
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return plainAddr(ap.Addr())
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if s, ok = strings.CutSuffix(inner, "]"); !ok || !strings.Contains(s, ":") {
			return netip.Addr{}, false
		}
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, false
	}
	return plainAddr(addr)
}

// plainAddr refuses an address with a zone, which means something on one machine only.
func plainAddr(addr netip.Addr) (netip.Addr, bool) { return addr.Unmap(), addr.Zone() == "" }
