package endpoint_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/polysocket/polysocket/internal/endpoint"
)

func TestHostname(t *testing.T) {
	for hostport, want := range map[string]string{
		"": "", "example.com": "example.com", "Example.COM:80": "example.com", "example.com.": "example.com", "example.com.:80": "example.com",
		"LOCALHOST.": "localhost", "127.0.0.1:8080": "127.0.0.1", "[::1]": "::1", "[::1]:80": "::1", "::1": "::1", "[2001:DB8::A]:1": "2001:db8::a",
		"[::ffff:127.0.0.1]": "::ffff:127.0.0.1", ":80": "", "example.com:": "example.com", "a:1:2": "a:1:2",
	} {
		if got := endpoint.Hostname(hostport); got != want {
			t.Errorf("%q: %q, want %q", hostport, got, want)
		}
	}
}

func TestLoopback(t *testing.T) {
	for _, host := range []string{
		"localhost", "LOCALHOST.", "localhost:80", "a.localhost", "a.b.localhost.", "127.0.0.1", "127.0.0.1:80", "127.255.255.254", "[::1]", "[::1]:80", "::1",
		"::ffff:127.0.0.1", "[::ffff:7f00:1]:80", "[0:0:0:0:0:0:0:1]",
	} {
		if !endpoint.Loopback(endpoint.Hostname(host)) {
			t.Errorf("%s is no loopback", host)
		}
	}
	for _, host := range []string{
		"", ".", "127.0.0.1.evil.example", "evillocalhost", "localhost.evil.example", "localhost..", "localhost:80:90", "128.0.0.1", "126.255.255.255",
		"0.0.0.0", "::", "10.0.0.1", "::2", "::ffff:10.0.0.1", "127.1", "0127.0.0.1", "127.0.0.1.nip.io", "2130706433", "0x7f000001", "127.0.0.1 ", "evil.example:127.0.0.1",
	} {
		if endpoint.Loopback(endpoint.Hostname(host)) {
			t.Errorf("%q is a loopback", host)
		}
	}
}

func TestBelow(t *testing.T) {
	for _, test := range []struct {
		host           string
		exact, orBelow bool
	}{
		{"example.com", true, true},
		{"a.example.com", false, true},
		{"a.b.example.com", false, true},
		{"evilexample.com", false, false},
		{"example.com.evil.example", false, false},
		{"com", false, false},
		{"", false, false},
	} {
		if endpoint.Below(test.host, "example.com", false) != test.exact || endpoint.Below(test.host, "example.com", true) != test.orBelow {
			t.Errorf("%q is not: exact %v, or below %v", test.host, test.exact, test.orBelow)
		}
	}
}

func TestPolite(t *testing.T) {
	var asked string
	h := endpoint.Polite(func(host string) bool { asked = host; return host == "mine.example" }, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	}))
	for _, test := range []struct {
		host   string
		status int
		asked  string
	}{
		{"mine.example", http.StatusTeapot, "mine.example"},
		{"Mine.Example.:8080", http.StatusTeapot, "mine.example"},
		{"", http.StatusMisdirectedRequest, ""}, // by HTTP/1.1; TestPoliteOld has 1.0
		{"other.example", http.StatusMisdirectedRequest, "other.example"},
		{"mine.example.evil.example:80", http.StatusMisdirectedRequest, "mine.example.evil.example"},
		{"[::1]:80", http.StatusMisdirectedRequest, "::1"},
	} {
		asked = ""
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = test.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != test.status || asked != test.asked {
			t.Errorf("%q: %d, asked about %q", test.host, w.Code, asked)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" ||
			w.Header().Get("Cross-Origin-Resource-Policy") != "same-origin" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%q: %v", test.host, w.Header())
		}
		if test.status == http.StatusMisdirectedRequest {
			want := `{"ok":false,"error":"this server does not answer for the host of this request","code":"misdirected"}`
			if w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%q: %s", test.host, w.Body)
			}
		}
	}
}

// A request of HTTP/1.0 may have no Host.
func TestPoliteOld(t *testing.T) {
	h := endpoint.Polite(func(string) bool { return false }, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	}))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host, r.Proto, r.ProtoMinor = "", "HTTP/1.0", 0
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusTeapot {
		t.Errorf("without Host: %d", w.Code)
	}
	r.Host = "other.example"
	w = httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("with another: %d", w.Code)
	}
}
