package auth

import (
	"errors"
	"testing"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/wire"
)

func TestOrigins(t *testing.T) {
	for _, test := range []struct {
		pattern, origin string
		want            bool
	}{
		{"*", "https://anything.example", true},
		{"https://example.com", "https://example.com", true},
		{"https://example.com:443", "https://example.com", true},
		{"https://Example.com", "https://example.com", true},
		{"https://example.com", "http://example.com", false},
		{"https://example.com", "https://example.com:8443", false},
		{"https://example.com:*", "https://example.com:8443", true},
		{"https://example.com", "https://example.com.evil.example", false},
		{"https://example.com", "https://notexample.com", false},
		{"https://*.example.com", "https://a.example.com", true},
		{"https://*.example.com", "https://a.b.example.com", true},
		{"https://*.example.com", "https://example.com", false},
		{"https://*.example.com", "https://evilexample.com", false},
		{"http://[::1]:3000", "http://[::1]:3000", true},
		{"https://example.com", "https://[", false},
		{"chrome-extension://abc", "chrome-extension://abc", true},
	} {
		o, err := ParseOrigins([]string{test.pattern})
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		if got := o.Match(test.origin); got != test.want {
			t.Errorf("%s matches %s: %v", test.pattern, test.origin, got)
		}
	}
	for _, bad := range []string{"", "example.com", "*.example.com", "https://", "https://*", "https://a.*.com", "https://example.com/", "https://example.com/x", "*://example.com", "https://u@example.com", "https://example.com:x"} {
		if _, err := ParseOrigins([]string{bad}); err == nil {
			t.Errorf("pattern %q is taken", bad)
		}
	}
}

func TestOpen(t *testing.T) {
	listed, err := ParseOrigins([]string{"https://app.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	all, err := ParseOrigins([]string{"*"})
	if err != nil {
		t.Fatal(err)
	}
	page := func(origin string) endpoint.Caller { return endpoint.Caller{Browser: true, Origin: origin} }
	for _, test := range []struct {
		name   string
		policy Open
		caller endpoint.Caller
		want   bool
	}{
		{"a program", Open{}, endpoint.Caller{}, true},
		{"a page", Open{}, page("https://example.com"), false},
		{"a page of a host of ours", Open{Hosts: endpoint.Loopback}, page("http://localhost:3000"), true},
		{"another scheme of that host", Open{Hosts: endpoint.Loopback}, page("chrome-extension://localhost"), false},
		{"a page of an unknown origin", Open{Hosts: endpoint.Loopback}, page(""), false},
		{"a page that is listed", Open{Hosts: endpoint.Loopback, Origins: listed}, page("https://app.example.com"), true},
		{"a page of an unknown origin where all may", Open{Origins: all}, page(""), true},
	} {
		_, err := test.policy.Authorize(t.Context(), Request{Caller: test.caller})
		var e *wire.Error
		if (err == nil) != test.want || err != nil && (!errors.As(err, &e) || e.Code != wire.OriginDenied) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
