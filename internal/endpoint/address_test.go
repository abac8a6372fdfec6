package endpoint

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

var proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}

func requestFrom(peer string, header http.Header) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = peer
	r.Header = header
	return r
}

func TestClientAddr(t *testing.T) {
	const xff, fwd = "X-Forwarded-For", "Forwarded"
	for name, c := range map[string]struct {
		peer   string
		header http.Header
		want   string
	}{
		"nothing forwarded":                      {"10.0.0.1:80", nil, "10.0.0.1"},
		"a peer that is no proxy":                {"192.0.2.9:80", http.Header{xff: {"198.51.100.1"}, fwd: {"for=198.51.100.1"}}, "192.0.2.9"},
		"one proxy":                              {"10.0.0.1:80", http.Header{xff: {"198.51.100.1"}}, "198.51.100.1"},
		"what the client wrote is left of it":    {"10.0.0.1:80", http.Header{xff: {"203.0.113.7, 198.51.100.1"}}, "198.51.100.1"},
		"proxies in a row":                       {"10.0.0.1:80", http.Header{xff: {"203.0.113.7, 198.51.100.1, 10.2.3.4,fd00::1"}}, "198.51.100.1"},
		"lines are one list":                     {"10.0.0.1:80", http.Header{xff: {"203.0.113.7", "198.51.100.1", "10.2.3.4"}}, "198.51.100.1"},
		"all are proxies":                        {"10.0.0.1:80", http.Header{xff: {"10.9.9.9, 10.2.3.4"}}, "10.9.9.9"},
		"with a port":                            {"10.0.0.1:80", http.Header{xff: {"198.51.100.1:4711"}}, "198.51.100.1"},
		"IPv6":                                   {"[fd00::1]:80", http.Header{xff: {"2001:db8::1"}}, "2001:db8::1"},
		"IPv6 with brackets and port":            {"[fd00::1]:80", http.Header{xff: {"[2001:db8::1]:4711"}}, "2001:db8::1"},
		"IPv6 with brackets":                     {"[fd00::1]:80", http.Header{xff: {"[2001:db8::1]"}}, "2001:db8::1"},
		"IPv4 inside IPv6":                       {"[::ffff:10.0.0.1]:80", http.Header{xff: {"::ffff:198.51.100.1, ::ffff:10.2.3.4"}}, "198.51.100.1"},
		"a word ends the walk":                   {"10.0.0.1:80", http.Header{xff: {"198.51.100.1, unknown"}}, "10.0.0.1"},
		"a word ends the walk at its proxy":      {"10.0.0.1:80", http.Header{xff: {"198.51.100.1, unknown, 10.2.3.4"}}, "10.2.3.4"},
		"an empty entry ends the walk":           {"10.0.0.1:80", http.Header{xff: {"198.51.100.1,"}}, "10.0.0.1"},
		"a zone ends the walk":                   {"10.0.0.1:80", http.Header{xff: {"fe80::1%eth0"}}, "10.0.0.1"},
		"brackets around IPv4":                   {"10.0.0.1:80", http.Header{xff: {"[198.51.100.1]"}}, "10.0.0.1"},
		"a bracket alone":                        {"10.0.0.1:80", http.Header{xff: {"["}}, "10.0.0.1"},
		"octal":                                  {"10.0.0.1:80", http.Header{xff: {"0198.51.100.1"}}, "10.0.0.1"},
		"Forwarded":                              {"10.0.0.1:80", http.Header{fwd: {`for=203.0.113.7, proto=https;For="[2001:db8::1]:4711";by=10.0.0.1`}}, "2001:db8::1"},
		"Forwarded through two":                  {"10.0.0.1:80", http.Header{fwd: {`for=198.51.100.1`, `for="[fd00::2]"; host=x`}}, "198.51.100.1"},
		"Forwarded, an open quote of the client": {"10.0.0.1:80", http.Header{fwd: {`for="203.0.113.7, for=198.51.100.1`}}, "198.51.100.1"},
		"Forwarded, a comma in quotes":           {"10.0.0.1:80", http.Header{fwd: {`for=198.51.100.1;host="a,for=1.1.1.1"`}}, "198.51.100.1"},
		"Forwarded, hidden":                      {"10.0.0.1:80", http.Header{fwd: {`for=203.0.113.7, for=_hidden`}}, "10.0.0.1"},
		"Forwarded, twice in one":                {"10.0.0.1:80", http.Header{fwd: {`for=203.0.113.7;for=198.51.100.1`}}, "10.0.0.1"},
		"Forwarded without for":                  {"10.0.0.1:80", http.Header{fwd: {`for=203.0.113.7, proto=https`}}, "10.0.0.1"},
		"Forwarded, half a quote":                {"10.0.0.1:80", http.Header{fwd: {`for="198.51.100.1`}}, "10.0.0.1"},
		"both agree":                             {"10.0.0.1:80", http.Header{xff: {"198.51.100.1"}, fwd: {"for=198.51.100.1"}}, "198.51.100.1"},
		"one of both is the client's":            {"10.0.0.1:80", http.Header{xff: {"198.51.100.1"}, fwd: {"for=203.0.113.7"}}, "10.0.0.1"},
		"no address":                             {"@", http.Header{xff: {"198.51.100.1"}}, "invalid IP"},
	} {
		if got := ClientAddr(requestFrom(c.peer, c.header), proxies).String(); got != c.want {
			t.Errorf("%s: it is %s, want %s", name, got, c.want)
		}
	}
}

func TestBlock(t *testing.T) {
	for addr, want := range map[string]string{
		"198.51.100.1":        "198.51.100.1/32",
		"::ffff:198.51.100.1": "198.51.100.1/32",
		"2001:db8:1:2:3::4":   "2001:db8:1:2::/64",
		"fe80::1%eth0":        "fe80::/64",
	} {
		if got := Block(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s is counted by %s, want %s", addr, got, want)
		}
	}
	if got := Block(netip.Addr{}); got != (netip.Prefix{}) {
		t.Errorf("no address is counted by %s", got)
	}
}

// Whatever a client writes into the headers, it is at the left of what the proxy
// writes, and does not count.
func FuzzClientAddr(f *testing.F) {
	for _, s := range []string{"", "198.51.100.1", `for="`, `for="[::1]:1";for=x`, "10.0.0.1, ,", "[", `\"`, "fe80::1%x"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	truth := netip.MustParseAddr("198.51.100.77")
	f.Fuzz(func(t *testing.T, forged string, standard bool) {
		name, entry := "X-Forwarded-For", truth.String()
		if standard {
			name, entry = "Forwarded", `for="`+truth.String()+`:80"`
		}
		alone := requestFrom("10.0.0.1:80", http.Header{name: {forged}})
		if got := ClientAddr(alone, proxies); got.Is4In6() || got.Zone() != "" || !got.IsValid() {
			t.Errorf("%q is %s", forged, got)
		}
		for _, lines := range [][]string{{forged, entry}, {forged + ", " + entry}, {strings.TrimSpace(forged) + "," + entry}} {
			if got := ClientAddr(requestFrom("10.0.0.1:80", http.Header{name: lines}), proxies); got != truth {
				t.Errorf("%q is %s", lines, got)
			}
		}
		if got := ClientAddr(requestFrom("192.0.2.1:80", http.Header{name: {forged, entry}}), proxies); got.String() != "192.0.2.1" {
			t.Errorf("a stranger's headers counted: %s", got)
		}
	})
}
