package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// callerOf asks about a request with the header lines given as name and value
// in turn.
func callerOf(jsonp bool, header ...string) endpoint.Caller {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return endpoint.CallerOf(r, jsonp)
}

func TestCallerOf(t *testing.T) {
	type lines = []string
	for _, test := range []struct {
		name   string
		header lines
		want   endpoint.Caller
	}{
		{"curl", lines{"User-Agent", "curl/8.5.0", "Accept", "*/*"}, endpoint.Caller{}},
		{"a program with a browser's name", lines{"User-Agent", "Mozilla/5.0"}, endpoint.Caller{}},
		{"Chrome, fetch across origins", lines{"Origin", "https://app.example", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Referer", "https://app.example/"},
			endpoint.Caller{Browser: true, Origin: "https://app.example"}},
		{"Chrome, fetch GET on the same origin", lines{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "Referer", "https://app.example/a/b?c"},
			endpoint.Caller{Browser: true, Origin: "https://app.example"}},
		{"Firefox, script element", lines{"Referer", "http://localhost:3000/", "Sec-Fetch-Dest", "script", "Sec-Fetch-Mode", "no-cors"},
			endpoint.Caller{Browser: true, Origin: "http://localhost:3000"}},
		{"Chrome, script element, no-referrer", lines{"Sec-Fetch-Dest", "script", "Sec-Fetch-Site", "cross-site"}, endpoint.Caller{Browser: true}},
		{"Chrome, address bar", lines{"Sec-Fetch-Site", "none", "Sec-Fetch-User", "?1"}, endpoint.Caller{Browser: true}},
		{"Chrome over HTTP, no Sec-Fetch", lines{"Referer", "http://192.168.0.7:8080/x"}, endpoint.Caller{Browser: true, Origin: "http://192.168.0.7:8080"}},
		{"a sandboxed frame", lines{"Origin", "null", "Sec-Fetch-Site", "cross-site"}, endpoint.Caller{Browser: true}},
		{"a sandboxed frame with a referrer", lines{"Origin", "null", "Referer", "https://app.example/"}, endpoint.Caller{Browser: true}},
		{"an extension", lines{"Origin", "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai"},
			endpoint.Caller{Browser: true, Origin: "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai"}},
		{"another extension", lines{"Origin", "moz-extension://0b3d6ea7-8a0f-4c7e-9b5f-2f1c3f1b7a11"},
			endpoint.Caller{Browser: true, Origin: "moz-extension://0b3d6ea7-8a0f-4c7e-9b5f-2f1c3f1b7a11"}},
		{"an app's web view", lines{"Origin", "capacitor://localhost"}, endpoint.Caller{Browser: true, Origin: "capacitor://localhost"}},
		{"a page in a file", lines{"Origin", "file://"}, endpoint.Caller{Browser: true}},
		{"several Origin headers", lines{"Origin", "https://a.example", "Origin", "https://b.example"}, endpoint.Caller{Browser: true}},
		{"the same Origin twice", lines{"Origin", "https://a.example", "Origin", "https://a.example"}, endpoint.Caller{Browser: true}},
		{"several origins in one", lines{"Origin", "https://a.example https://b.example"}, endpoint.Caller{Browser: true}},
		{"several Referer headers", lines{"Referer", "https://a.example/", "Referer", "https://b.example/"}, endpoint.Caller{Browser: true}},
		{"Origin before Referer", lines{"Origin", "https://a.example", "Referer", "https://b.example/"}, endpoint.Caller{Browser: true, Origin: "https://a.example"}},
		{"an empty Origin", lines{"Origin", "", "Referer", "https://b.example/"}, endpoint.Caller{Browser: true}},
		{"an empty Referer", lines{"Referer", ""}, endpoint.Caller{Browser: true}},
	} {
		if got := callerOf(false, test.header...); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
	if got := callerOf(true); !got.Browser || got.Origin != "" {
		t.Errorf("JSONP: %+v", got)
	}
}

// origins are headers and the canonical form; empty where there is none.
var origins = map[string]string{
	"https://example.com":         "https://example.com",
	"HTTPS://Example.COM":         "https://example.com",
	"https://example.com:443":     "https://example.com",
	"http://example.com:80":       "http://example.com",
	"https://example.com:80":      "https://example.com:80",
	"http://example.com:443":      "http://example.com:443",
	"http://localhost:3000":       "http://localhost:3000",
	"http://[::1]":                "http://[::1]",
	"http://[::1]:80":             "http://[::1]",
	"http://[::1]:8080":           "http://[::1]:8080",
	"http://[2001:DB8::1]:80":     "http://[2001:db8::1]",
	"https://xn--mnchen-3ya.de":   "https://xn--mnchen-3ya.de",
	"https://my_host.example":     "https://my_host.example",
	"https://example.com.":        "https://example.com.",
	"null":                        "",
	"NULL":                        "",
	"*":                           "",
	"example.com":                 "",
	"//example.com":               "",
	"https:":                      "",
	"https://":                    "",
	"https://:443":                "",
	"https:example.com":           "",
	"https://example.com/":        "",
	"https://example.com?":        "",
	"https://example.com#":        "",
	"https://example.com?a":       "",
	"https://example.com#a":       "",
	"https://example.com/a":       "",
	"https://u@example.com":       "",
	"https://@example.com":        "",
	"https://u:p@example.com":     "",
	"https://example.com:":        "",
	"https://example.com:x":       "",
	"https://[::1":                "",
	"http://[fe80::1%25eth0]":     "",
	"https://a%25b":               "",
	"https://a%e2%84%aab":         "",
	"https://münchen.de":          "",
	"https://\u212Aey.example":    "", // a Kelvin sign, whose lower case is a k
	"https://a b":                 "",
	" https://example.com":        "",
	"https://example.com,https:/": "",
	"\xff":                        "",
}

func TestCanonicalOrigin(t *testing.T) {
	for header, want := range origins {
		if got := callerOf(false, "Origin", header); got.Origin != want || !got.Browser {
			t.Errorf("Origin: %s: %+v, want %s", header, got, want)
		}
	}
}

func TestReferer(t *testing.T) {
	for header, want := range map[string]string{
		"https://example.com":                       "https://example.com",
		"https://example.com/":                      "https://example.com",
		"https://Example.com:443/a?b=c#d":           "https://example.com",
		"http://example.com:8080/a b?%zz":           "http://example.com:8080",
		"http://[::1]:80/":                          "http://[::1]",
		"https://u:p@example.com/":                  "https://example.com",
		"https://evil.example/https://example.com/": "https://evil.example",
		"https://evil.example?@example.com/":        "https://evil.example",
		"/path":                                     "",
		"about:client":                              "",
		"no-referrer":                               "",
		"data:text/html,hi":                         "",
		"https:///path":                             "",
	} {
		if got := callerOf(false, "Referer", header); got.Origin != want || !got.Browser {
			t.Errorf("Referer: %s: %+v, want %s", header, got, want)
		}
	}
}

func FuzzOrigin(f *testing.F) {
	for header := range origins {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		for _, name := range []string{"Origin", "Referer"} {
			got := callerOf(false, name, header)
			if !got.Browser {
				t.Errorf("%s: %q is no browser", name, header)
			}
			if got.Origin == "" {
				continue
			}
			for _, name := range []string{"Origin", "Referer"} {
				if again := callerOf(false, name, got.Origin); again != got {
					t.Errorf("%s: %q is %q, and that as %s is %q", name, header, got.Origin, name, again.Origin)
				}
			}
			u, err := url.Parse(got.Origin)
			if err != nil || u.Scheme+"://"+u.Host != got.Origin || u.Hostname() == "" {
				t.Errorf("%s: %q is %q, %v", name, header, got.Origin, err)
			}
			if strings.ContainsAny(got.Origin, "/ \r\n\t@?#\\%") && strings.Count(got.Origin, "/") != 2 {
				t.Errorf("%s: %q is %q", name, header, got.Origin)
			}
			if name == "Origin" && strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(header), ":443"), ":80") != strings.TrimSuffix(strings.TrimSuffix(got.Origin, ":443"), ":80") {
				t.Errorf("Origin: %q is %q", header, got.Origin)
			}
		}
	})
}

// An origin is kept with its socket: one that is longer than any can be is none.
func TestLongOrigin(t *testing.T) {
	for host, known := range map[string]bool{
		strings.Repeat("a", 253) + ":8443": true, strings.Repeat("a", 260): false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Origin", "https://"+host)
		if c := endpoint.CallerOf(r, false); (c.Origin != "") != known || !c.Browser {
			t.Errorf("a host of %d: %+v", len(host), c)
		}
	}
}
