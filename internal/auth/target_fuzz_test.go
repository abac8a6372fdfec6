package auth

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

// FuzzTargets holds Match to an oracle that shares no code with it: a regular
// expression made of the pattern's text, which the text of what is opened must
// match, and must not where Match says no.
func FuzzTargets(f *testing.F) {
	for _, test := range targetTable {
		for _, s := range append(test.yes, test.no...) {
			f.Add(test.pattern, s)
		}
	}
	for _, s := range hostile {
		f.Add("ws://*/*", s)
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		targets, err := ParseTargets([]string{pattern})
		if err != nil {
			return
		}
		u, err := wire.ParseTarget(s)
		if err != nil {
			return
		}
		opened, err := Normalise(u)
		matches := targets.Match(u)
		if err != nil {
			if matches {
				t.Errorf("%q matches %q, which has no normal form: %v", pattern, s, err)
			}
			return
		}
		text, _, _ := strings.Cut(opened.String(), "?")
		if expression, ok := oracle(pattern); ok {
			if want := expression.MatchString(text); matches != want {
				t.Errorf("%q matches %q, which is opened as %s: %v, and %s says %v", pattern, s, text, matches, expression, want)
			}
		}
	})
}

var (
	encoded   = regexp.MustCompile(`(?i)%[0-9a-f]{2}`)
	unusual   = regexp.MustCompile(`[^A-Za-z0-9%/!$&'()*+,;=:@\[\]._~-]`)
	authority = regexp.MustCompile(`^(?i)(wss?)://([^/?#]*?)(?::([0-9]+))?(/[^?#]*)?$`)
	letter    = regexp.MustCompile(`^%(4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A]|3[0-9]|2D|5F|7E)$`)
)

// oracle makes a regular expression of a pattern; only of one in ASCII, whose
// host needs no IDNA, and is no address in an older spelling.
func oracle(pattern string) (*regexp.Regexp, bool) {
	parts := authority.FindStringSubmatch(pattern)
	if len(parts) == 0 || regexp.MustCompile(`[^!-~]|xn--|%`).MatchString(strings.ToLower(parts[2])) {
		return nil, false
	}
	scheme, host, port, path := strings.ToLower(parts[1]), strings.ToLower(parts[2]), strings.TrimLeft(parts[3], "0"), parts[4]
	host = strings.TrimSuffix(host, ".")
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		if host = address.String(); address.Is6() {
			host = "[" + host + "]"
		}
	}
	if regexp.MustCompile(`(^|\.)([0-9]+|0x[0-9a-f]*)$`).MatchString(host) {
		if _, err := netip.ParseAddr(host); err != nil {
			return nil, false // an address in a spelling that this does not read
		}
	}
	name := regexp.QuoteMeta(host)
	switch {
	case host == "*":
		name = `(\[[0-9a-f:.]+\]|[^:/\[\]]+)`
	case strings.HasPrefix(host, "*."):
		name = `([^.:/]+\.)+` + regexp.QuoteMeta(host[2:])
	}
	if port != "" && port != map[string]string{"ws": "80", "wss": "443"}[scheme] {
		name += ":" + port
	}
	path = encoded.ReplaceAllStringFunc(path, func(s string) string {
		if s = strings.ToUpper(s); letter.MatchString(s) {
			s, _ = url.PathUnescape(s)
		}
		return s
	})
	path = unusual.ReplaceAllStringFunc(path, func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			b.WriteString("%" + strings.ToUpper(string("0123456789abcdef"[c>>4])+string("0123456789abcdef"[c&15])))
		}
		return b.String()
	})
	before, rest := strings.CutSuffix(path, "/*")
	switch {
	case path == "":
		before = "/"
	case rest:
		return regexp.MustCompile("^" + scheme + "://" + name + regexp.QuoteMeta(before) + "/.*$"), true
	}
	return regexp.MustCompile("^" + scheme + "://" + name + regexp.QuoteMeta(before) + "$"), true
}

// FuzzNormalise: what is opened is what was authorised, by whoever reads it: it
// reads the same again, and has nothing left in it that might be read in two ways.
func FuzzNormalise(f *testing.F) {
	for _, test := range targetTable {
		for _, s := range append(test.yes, test.no...) {
			f.Add(s)
		}
	}
	for _, s := range hostile {
		f.Add(s)
	}
	ambiguous := regexp.MustCompile(`(?i)\\|%(25)*(2e|2f|5c)|/\.{1,2}(/|;|$)`)
	f.Fuzz(func(t *testing.T, s string) {
		u, err := wire.ParseTarget(s)
		if err != nil {
			return
		}
		n, err := Normalise(u)
		if err != nil {
			return
		}
		relays, err := wire.ParseTarget(n.String()) // what a relay makes of it
		if err != nil || relays.Host != n.Host || relays.RequestURI() != n.RequestURI() || relays.String() != n.String() {
			t.Fatalf("%q is %s, and to a relay %v, %v", s, n, relays, err)
		}
		again, err := Normalise(relays)
		if err != nil || again.String() != n.String() {
			t.Errorf("%q is %s, and that is %v, %v", s, n, again, err)
		}
		if path := n.EscapedPath(); ambiguous.MatchString(path) || !strings.HasPrefix(path, "/") {
			t.Errorf("%q has the path %s", s, path)
		}
		if n.RawQuery != u.RawQuery || n.ForceQuery != u.ForceQuery || n.Scheme != u.Scheme {
			t.Errorf("%q is %s", s, n)
		}
		plain := n.Path
		if want, _ := url.PathUnescape(removeDotSegments("/" + strings.TrimPrefix(u.EscapedPath(), "/"))); plain != want {
			t.Errorf("%q has the path %q, and RFC 3986 says %q", s, plain, want)
		}
		host := n.Hostname()
		if _, err := netip.ParseAddr(host); err != nil && regexp.MustCompile(`(^|\.)(0x[0-9a-f]*|[0-9]*)$`).MatchString(host) {
			t.Errorf("%q has the host %s, which may be taken for an address", s, host)
		}
		if strings.HasPrefix(host, ".") || strings.Contains(host, "..") {
			t.Errorf("%q has the host %s", s, host)
		}
	})
}

// removeDotSegments is RFC 3986 §5.2.4, to the letter.
func removeDotSegments(input string) string {
	output := ""
	for input != "" {
		switch {
		case strings.HasPrefix(input, "/./"): // 2B
			input = input[2:]
		case input == "/.":
			input = "/"
		case strings.HasPrefix(input, "/../"), input == "/..": // 2C
			input = "/" + strings.TrimPrefix(input[3:], "/")
			output = output[:max(0, strings.LastIndexByte(output, '/'))]
		default: // 2E
			end := strings.IndexByte(input[1:], '/') + 1
			if end == 0 {
				end = len(input)
			}
			output, input = output+input[:end], input[end:]
		}
	}
	return output
}
