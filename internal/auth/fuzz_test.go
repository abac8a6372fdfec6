package auth

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzOrigins: a pattern that is taken matches no origin of another scheme, and
// none whose host is not the pattern's or below it.
func FuzzOrigins(f *testing.F) {
	f.Add("https://*.example.com:*", "https://a.example.com:8443")
	f.Add("http://[::1]:80", "http://[::1]")
	f.Add("https://example.com", "https://example.com.evil.example")
	f.Fuzz(func(t *testing.T, pattern, origin string) {
		o, err := ParseOrigins([]string{pattern})
		if err != nil || pattern == "*" || !o.Match(origin) {
			return
		}
		u, err := url.Parse(origin)
		if err != nil {
			t.Fatalf("%q matches %q, which is no URL", pattern, origin)
		}
		scheme, rest, _ := strings.Cut(strings.ToLower(pattern), "://")
		name, below := strings.CutPrefix(rest, "*.")
		if u.Scheme != scheme {
			t.Errorf("%q matches %q", pattern, origin)
		}
		host := strings.Trim(u.Hostname(), "[]")
		if below && !strings.Contains(host, ".") || !below && !strings.Contains(name, host) {
			t.Errorf("%q matches %q", pattern, origin)
		}
	})
}
