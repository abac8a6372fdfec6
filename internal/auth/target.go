package auth

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/polysocket/polysocket/internal/wire"
)

// Targets is a list of patterns of targets. The zero value matches none.
type Targets struct {
	patterns []targetPattern
}

// A targetPattern is compared part by part, never as a piece of a string.
type targetPattern struct {
	scheme   string
	host     string // in its normal form; empty for every host
	below    bool   // one label or more stand before host
	port     int
	segments []string // in their normal form
	rest     bool     // one segment or more, of which the last may be empty, follow
}

// ParseTargets reads patterns, as wss://ws.example.com/chat/*:
//
//   - The scheme is ws or wss.
//   - The host is a name or an address; *.example.com for one label or more
//     before a name; * for every name and address.
//   - The port is the scheme's own where none is named.
//   - The path is compared segment by segment, in upper and lower case; none is
//     the same as /. A * as the last segment is for the rest: /* is every path,
//     and /chat/* is /chat/ and all below it, but not /chat. Anywhere else a * is
//     an error.
//   - There is no query: a target's is free.
//
// An error names the pattern, and says what would be right.
func ParseTargets(patterns []string) (Targets, error) {
	var t Targets
	for _, s := range patterns {
		p, err := parseTargetPattern(s)
		if err != nil {
			return Targets{}, fmt.Errorf("target pattern %q: %w", s, err)
		}
		t.patterns = append(t.patterns, p)
	}
	return t, nil
}

func parseTargetPattern(s string) (p targetPattern, err error) {
	scheme, rest, ok := strings.Cut(s, "://")
	switch {
	case !ok:
		return p, refusal("it does not begin with a scheme: write wss://ws.example.com/*, or wss://*/* for every host")
	case strings.ContainsAny(rest, "?#"):
		return p, refusal("it has a query or a fragment: leave it out, a target's query is free")
	}
	authority, path, _ := strings.Cut(rest, "/")
	host, below := strings.CutPrefix(authority, "*.")
	port, every := strings.CutPrefix(authority, "*")
	if every = every && (port == "" || port[0] == ':'); every {
		host = "every.invalid" + port // a stand-in, taken out below
	}
	if strings.Contains(host, "*") {
		return p, refusal("a * in a host stands for all of it, or for the labels at its beginning, as *.example.com")
	}
	u, err := wire.ParseTarget(scheme + "://" + host + "/" + path)
	if err != nil {
		return p, err
	}
	if p.host, err = normalHost(u.Hostname()); err != nil {
		return p, err
	}
	if _, err := netip.ParseAddr(p.host); err == nil && below {
		return p, refusal("nothing stands before an address: leave the *. out")
	}
	if every {
		p.host = ""
	}
	p.scheme, p.port, p.below = u.Scheme, portNumber(u), below
	p.segments, p.rest, err = patternSegments(escapedPath(u))
	return p, err
}

// patternSegments are those before the * that stands for the rest, where there
// is one.
func patternSegments(escaped string) (segments []string, rest bool, err error) {
	for s := range strings.SplitSeq(strings.TrimPrefix(escaped, "/"), "/") {
		segment, err := normalSegment(s)
		switch {
		case err != nil:
			return nil, false, err
		case segment == "." || segment == "..":
			return nil, false, refusal("it has a dot segment: write the path that is meant")
		case rest || segment != "*" && strings.Contains(segment, "*"):
			return nil, false, refusal("a * in a path stands for all of the rest: it is the last segment, alone, as in /chat/*")
		case segment == "*":
			rest = true
		default:
			segments = append(segments, segment)
		}
	}
	return segments, rest, nil
}

// Match tells whether a pattern matches the target, by its normal form: what is
// opened must be what Normalise makes of it. What has no normal form matches
// nothing.
func (t Targets) Match(target *url.URL) bool {
	normal, err := Normalise(target)
	return err == nil && t.match(normal)
}

// match is Match for a target in its normal form.
func (t Targets) match(target *url.URL) bool {
	segments := strings.Split(strings.TrimPrefix(target.EscapedPath(), "/"), "/")
	for _, p := range t.patterns {
		if p.scheme == target.Scheme && p.port == portNumber(target) && p.matchHost(target.Hostname()) && p.matchPath(segments) {
			return true
		}
	}
	return false
}

func (p targetPattern) matchHost(host string) bool {
	switch {
	case p.host == "":
		return true
	case p.below:
		return strings.HasSuffix(host, "."+p.host)
	}
	return host == p.host
}

func (p targetPattern) matchPath(segments []string) bool {
	if !p.rest {
		return slices.Equal(segments, p.segments)
	}
	return len(segments) > len(p.segments) && slices.Equal(segments[:len(p.segments)], p.segments)
}
