package endpoint

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/polysocket/polysocket/internal/wire"
)

// Polite wraps all that a server answers: no answer is stored, sniffed, or of use to a
// page that may not read it, a request's body has a pace, and a
// request for a Host that is not the server's own is 421, which keeps pages away
// that have rebound their name to the server's address. own is asked with the
// host in lower case, without port and brackets. A request without a Host
// (HTTP/1.0) comes from no browser, and is served.
func Polite(own func(host string) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		unstored(h)
		Paced(w, r)
		if old := r.Host == "" && !r.ProtoAtLeast(1, 1); !old && !own(Hostname(r.Host)) {
			AllowOrigin(h, "*")
			Answer{}.Error(w, wire.Errorf(wire.Misdirected, "this server does not answer for the host of this request"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// unstored sets what every answer has: it is not stored, and not sniffed; a page of
// another origin cannot load it as an image or a script, which JSONP and the browser
// client undo for themselves; and what it may lead to is not told where it came from.
func unstored(h http.Header) {
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}

// Hostname is the host of a Host header or a polysocketd, in lower case, without
// the port, the brackets of an IPv6 address, and the dot of the DNS root.
func Hostname(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// Loopback tells whether the host is this machine by a name or an address that
// no DNS answer can move: localhost, what is below it (RFC 6761 §6.3), and the
// loopback addresses.
func Loopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// Below tells whether the host is the name, or with wildcard also below it.
func Below(host, name string, wildcard bool) bool {
	return host == name || wildcard && strings.HasSuffix(host, "."+name)
}
