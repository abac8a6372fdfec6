package endpoint

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

// A Caller is who sent a request, as far as it can be known (docs/protocol.md,
// section 4).
type Caller struct {
	// Browser says that a page made the request, and not a program of its own.
	Browser bool
	// Origin is the page's origin in its canonical form, as https://example.com;
	// empty where it is unknown.
	Origin string
}

// CallerOf tells who sent the request. A request with a JSONP callback comes
// from a page.
func CallerOf(r *http.Request, jsonp bool) Caller {
	c := Caller{Browser: jsonp}
	origins, referers := r.Header["Origin"], r.Header["Referer"]
	for name := range r.Header {
		if strings.HasPrefix(name, "Sec-Fetch-") {
			c.Browser = true
		}
	}
	switch {
	case len(origins) > 0:
		c.Browser = true
		if len(origins) == 1 {
			c.Origin = canonicalOrigin(origins[0], false)
		}
	case len(referers) > 0:
		c.Browser = true
		if len(referers) == 1 {
			c.Origin = canonicalOrigin(referers[0], true)
		}
	}
	return c
}

// CanonicalOrigin is an origin in its canonical form; empty where it is none.
func CanonicalOrigin(s string) string { return canonicalOrigin(s, false) }

// canonicalOrigin is the origin of a URL in lower case, without the scheme's own
// port; empty where there is none. Only a referrer may have more than an origin.
// Browsers write hosts in ASCII and unescaped: another host is none.
func canonicalOrigin(s string, referrer bool) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || strings.ContainsFunc(u.Host, unwritten) {
		return ""
	}
	if len(u.Host) > longestHost || len(u.Scheme) > longestScheme {
		return "" // which a socket would keep
	}
	if !referrer && !strings.EqualFold(s, u.Scheme+"://"+u.Host) {
		return ""
	}
	host := strings.ToLower(u.Host)
	if name, port, err := net.SplitHostPort(host); err == nil && port == defaultPorts[u.Scheme] {
		host = name
		if strings.Contains(name, ":") {
			host = "[" + name + "]"
		}
	}
	return u.Scheme + "://" + host
}

// The longest of an origin that there can be, in bytes: a name of DNS with a port, and
// what browsers have for schemes.
const (
	longestHost   = 253 + len(":65535")
	longestScheme = 64
)

// unwritten tells what is never in a host that a browser writes.
func unwritten(c rune) bool { return c == '%' || c > unicode.MaxASCII }

var defaultPorts = map[string]string{"http": "80", "https": "443"}
