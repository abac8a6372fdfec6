package auth

import (
	"fmt"
	"net/url"
	"strings"
)

// Origins is a list of patterns of origins. The zero value matches none.
type Origins struct {
	all      bool
	patterns []originPattern
}

// An originPattern is compared part by part, never as a piece of a string.
type originPattern struct {
	scheme, host, port string
	below              bool // one label or more stand before host
}

// ParseOrigins reads patterns: "https://example.com", with a port where it is not
// the scheme's own; "https://*.example.com" for one label or more before a name;
// ":*" for any port; and "*" for every origin, the unknown one too.
func ParseOrigins(patterns []string) (Origins, error) {
	var o Origins
	for _, s := range patterns {
		if s == "*" {
			o.all = true
			continue
		}
		p, err := parseOriginPattern(s)
		if err != nil {
			return Origins{}, fmt.Errorf("origin pattern %q: %w", s, err)
		}
		o.patterns = append(o.patterns, p)
	}
	return o, nil
}

func parseOriginPattern(s string) (originPattern, error) {
	scheme, rest, ok := strings.Cut(strings.ToLower(s), "://")
	if !ok || scheme == "" || strings.Contains(scheme, "*") {
		return originPattern{}, fmt.Errorf("it does not begin with a scheme: write https://example.com, https://*.example.com or *")
	}
	anyPort := strings.HasSuffix(rest, ":*")
	rest = strings.TrimSuffix(rest, ":*")
	host, below := strings.CutPrefix(rest, "*.")
	u, err := url.Parse(scheme + "://" + host)
	if err != nil || u.Hostname() == "" || u.Host != host || strings.Contains(host, "*") {
		return originPattern{}, fmt.Errorf("after the scheme comes a host, with a port where it is not the scheme's own, and nothing else")
	}
	p := originPattern{scheme: scheme, host: u.Hostname(), port: portOf(u), below: below}
	if anyPort {
		p.port = "*"
	}
	return p, nil
}

// Match tells whether a pattern matches the origin, which is in its canonical
// form.
func (o Origins) Match(origin string) bool {
	if o.all {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	for _, p := range o.patterns {
		host := u.Hostname() == p.host
		if p.below {
			host = strings.HasSuffix(u.Hostname(), "."+p.host)
		}
		if host && u.Scheme == p.scheme && (p.port == "*" || p.port == portOf(u)) {
			return true
		}
	}
	return false
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	case u.Scheme == "https":
		return "443"
	}
	return ""
}
