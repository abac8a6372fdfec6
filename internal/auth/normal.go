package auth

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/polysocket/polysocket/internal/wire"
)

// Normalise gives a target from wire.ParseTarget its normal form (RFC 3986 §6.2),
// in which two spellings of one thing are one: the host without the dot of the
// DNS root, no port where it is the scheme's own, dot segments resolved, a path
// of / where there was none, and percent-encoding only where it is needed, in
// upper case. Patterns match this form, so it is also what must be opened. The
// query stays as it is. The argument is not changed.
//
// What servers on the way might read in two ways has no normal form: the error is
// a *wire.Error with the code target_denied.
func Normalise(target *url.URL) (*url.URL, error) {
	host, err := normalHost(target.Hostname())
	if err != nil {
		return nil, denied(err)
	}
	segments, err := normalSegments(escapedPath(target))
	if err != nil {
		return nil, denied(err)
	}
	u := *target
	u.Host = hostPort(host, portNumber(target), target.Scheme)
	u.RawPath = "/" + strings.Join(segments, "/")
	u.Path, _ = url.PathUnescape(u.RawPath) // it was made of what is well-formed
	return &u, nil
}

// A refusal says what is wrong with a value, and what would be right.
type refusal string

func (r refusal) Error() string { return string(r) }

func denied(err error) *wire.Error {
	return wire.Errorf(wire.TargetDenied, "target: %v", err)
}

// mostLabel and mostName bound a name (RFC 1035 §2.3.4, in text). One of a longer
// label can be such that not even IDNA's own output is read again.
const (
	mostLabel = 63
	mostName  = 253
)

// normalHost is an address in its canonical form, or a name of labels that no
// resolver takes for an address.
func normalHost(host string) (string, error) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.String(), nil
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		switch {
		case label == "":
			return "", refusal("the host has an empty label: write each dot once")
		case len(label) > mostLabel || len(host) > mostName:
			return "", refusal("the host is longer than a name of the DNS may be: 253 characters in labels of 63")
		case strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "":
			return "", refusal("the host has a character that names do not have: they have letters, digits, - and _")
		}
	}
	if numeric(labels[len(labels)-1]) {
		return "", refusal("the host ends in a number and is no address in its usual form: write four decimal numbers, as 192.0.2.1")
	}
	return host, nil
}

// numeric is the WHATWG URL standard's "ends in a number" for the last label:
// such a host is an address in one of its older spellings (decimal, octal,
// hexadecimal, fewer than four parts), or none at all.
func numeric(label string) bool {
	digits, alphabet := label, "0123456789"
	if rest, ok := strings.CutPrefix(label, "0x"); ok {
		digits, alphabet = rest, "0123456789abcdef"
	}
	return strings.Trim(digits, alphabet) == ""
}

// hostPort writes a host and a port as they stand in a URL of the scheme.
func hostPort(host string, port int, scheme string) string {
	switch {
	case port != implied(scheme):
		return net.JoinHostPort(host, strconv.Itoa(port))
	case strings.Contains(host, ":"):
		return "[" + host + "]"
	}
	return host
}

// portNumber is the port that is dialled: the scheme's own where none is named.
func portNumber(u *url.URL) int {
	if n, err := strconv.Atoi(u.Port()); err == nil {
		return n
	}
	return implied(u.Scheme)
}

func implied(scheme string) int {
	if scheme == "wss" {
		return 443
	}
	return 80
}

// escapedPath is the path with all that needs encoding encoded, and no more.
// EscapedPath is not it: where one character needs it, that encodes others too, so
// that /é/* would have no * any more.
func escapedPath(u *url.URL) string {
	path := u.RawPath
	if plain, err := url.PathUnescape(path); err != nil || plain != u.Path {
		path = u.EscapedPath()
	}
	var b strings.Builder
	for _, c := range []byte(path) {
		if unreserved(c) || strings.IndexByte("/%!$&'()*+,;=:@[]", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// normalSegments are the segments of an escaped path, each in its normal form,
// without dot segments (RFC 3986 §5.2.4).
func normalSegments(escaped string) ([]string, error) {
	segments := []string{}
	all := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i, s := range all {
		segment, err := normalSegment(s)
		if err != nil {
			return nil, err
		}
		dots := segment == "." || segment == ".."
		if segment == ".." && len(segments) > 0 {
			segments = segments[:len(segments)-1]
		}
		switch {
		case !dots:
			segments = append(segments, segment)
		case i == len(all)-1:
			segments = append(segments, "")
		}
	}
	return segments, nil
}

// normalSegment decodes what needs no encoding and writes the rest in upper case.
// It refuses what a server may take for a separator or a dot segment although it
// is none by RFC 3986. The segment is of an escapedPath: behind each % are two
// digits, and a backslash is encoded.
func normalSegment(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		c, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
		switch {
		case c == '.' || c == '/' || c == '\\':
			return "", refusal("the path has a backslash, or an encoded dot, slash or backslash (%2E, %2F, %5C): put such data into the query")
		case unreserved(byte(c)):
			b.WriteByte(byte(c))
		default:
			b.WriteString(strings.ToUpper(s[i : i+3]))
		}
		i += 2
	}
	segment := b.String()
	switch {
	case dotParameter(segment):
		return "", refusal("the path has a dot segment with a parameter: leave it out")
	case encodedControl(segment):
		return "", refusal("the path has an encoded control character: put such data into the query")
	case encodedTwice(segment):
		return "", refusal("the path has a dot, slash or backslash that is encoded twice: put such data into the query")
	}
	if plain, _ := url.PathUnescape(segment); !utf8.ValidString(plain) {
		return "", refusal("the path is not UTF-8 behind its percent-encoding")
	}
	return segment, nil
}

// dotParameter tells whether a server that takes a parameter off a segment, and that
// may decode before it does, is left with a dot segment.
func dotParameter(segment string) bool {
	once := decodedOften(segment)
	rest := strings.TrimLeft(once, ".")
	dots := len(once) - len(rest)
	return (dots == 1 || dots == 2) && (strings.HasPrefix(rest, ";") || strings.HasPrefix(rest, "%3B"))
}

// encodedTwice tells whether a server that decodes more often than once gets a
// dot, a slash or a backslash.
func encodedTwice(segment string) bool {
	once := decodedOften(segment)
	return strings.Contains(once, "%2E") || strings.Contains(once, "%2F") || strings.Contains(once, "%5C")
}

// encodedControl tells whether a server that decodes gets a control character, at which
// it may take the path to end.
func encodedControl(segment string) bool {
	_, encoded, _ := strings.Cut(decodedOften(segment), "%")
	for part := range strings.SplitSeq(encoded, "%") {
		if len(part) >= 2 && (part[0] == '0' || part[0] == '1') && strings.IndexByte("0123456789ABCDEF", part[1]) >= 0 || strings.HasPrefix(part, "7F") {
			return true
		}
	}
	return false
}

// decodedOften has each % that is encoded itself, however often, as it is in the end,
// and all of it in upper case.
func decodedOften(segment string) string {
	for strings.Contains(segment, "%25") {
		segment = strings.ReplaceAll(segment, "%25", "%")
	}
	return strings.ToUpper(segment)
}

// unreserved are the characters that mean the same encoded or not (RFC 3986 §2.3).
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
