package wire_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/polysocket/polysocket/internal/wire"
)

var goodTargets = map[string]string{
	"ws://example.com":                "ws://example.com",
	"wss://example.com/":              "wss://example.com/",
	"WSS://EXAMPLE.com/Path":          "wss://example.com/Path",
	"ws://example.com:8080/a?b=c&d":   "ws://example.com:8080/a?b=c&d",
	"ws://example.com:80/":            "ws://example.com:80/",
	"ws://example.com:65535/":         "ws://example.com:65535/",
	"ws://example.com?":               "ws://example.com?",
	"ws://example.com/a%2Fb%20c?%23":  "ws://example.com/a%2Fb%20c?%23",
	"ws://example.com/é?é":            "ws://example.com/%C3%A9?%C3%A9",
	"ws://example.com//x//":           "ws://example.com//x//",
	"ws://example.com./":              "ws://example.com./",
	"ws://127.0.0.1:1/":               "ws://127.0.0.1:1/",
	"ws://[::1]":                      "ws://[::1]",
	"ws://[::1]:8080/x":               "ws://[::1]:8080/x",
	"ws://[2001:DB8::A]/":             "ws://[2001:db8::a]/",
	"ws://[0:0:0:0:0:0:0:1]:80/":      "ws://[::1]:80/",
	"ws://my_service:3000/":           "ws://my_service:3000/",
	"ws://-a-/":                       "ws://-a-/",
	"ws://münchen.example/":           "ws://xn--mnchen-3ya.example/",
	"ws://m%C3%BCnchen.example/":      "ws://xn--mnchen-3ya.example/",
	"ws://MÜNCHEN.example/":           "ws://xn--mnchen-3ya.example/",
	"ws://faß.example/":               "ws://xn--fa-hia.example/",
	"ws://xn--mnchen-3ya.example/":    "ws://xn--mnchen-3ya.example/",
	"ws://例え。テスト/":                    "ws://xn--r8jz45g.xn--zckzah/",
	"ws://１２７.0.0.1/":                 "ws://127.0.0.1/",
	"ws://a\u00adb.example/":          "ws://ab.example/",
	"ws://localhost/":                 "ws://localhost/",
	"ws://example.com/?a=ws://b/":     "ws://example.com/?a=ws://b/",
	`ws://example.com/"<>\^{|}` + "`": "ws://example.com/%22%3C%3E%5C%5E%7B%7C%7D%60",
}

func TestTarget(t *testing.T) {
	for s, want := range goodTargets {
		u, err := wire.ParseTarget(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
		} else if got := u.String(); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
}

var badTargets = []string{
	"", "example.com", "//example.com/", "/path", "http://example.com/", "https://example.com/", "ftp://example.com/", "wsx://example.com/",
	"ws:", "ws:/", "ws://", "ws:///", "ws:///path", "ws://?x", "ws:example.com", "ws:/example.com", "://example.com", "wss:example.com:80",
	"ws://:80/", "ws://example.com:/", "ws://example.com:0/", "ws://example.com:65536/", "ws://example.com:99999999999999999999/",
	"ws://example.com:x/", "ws://example.com:-1/", "ws://example.com:+1/", "ws://example.com:8 0/", "ws://a:1:2/",
	"ws://u@example.com/", "ws://u:p@example.com/", "ws://:@example.com/", "ws://@example.com/",
	"ws://example.com/#", "ws://example.com/#x", "ws://example.com#x",
	" ws://example.com/", "ws://example.com/ ", "ws://exa mple.com/", "ws://example.com/a b", "ws://example.com/?a b", "ws://example.com/\t",
	"ws://example.com/\r\nX: y", "ws://example.com/?\n", "ws://example.com/\x00", "ws://example.com/\x7f", "ws://example.com\n/",
	"ws://[::1/", "ws://::1/", "ws://[::1]x/", "ws://[]/", "ws://[a]/", "ws://[127.0.0.1]/", "ws://[fe80::1%25eth0]/", "ws://[fe80::1%eth0]/", "ws://[::1]:x/",
	"ws://example.com/%zz", "ws://example.com/%", "ws://exa%6dple.com/", "ws://a%0ab/", "ws://a%00b/", "ws://a%20b/", "ws://a%2fb/", "ws://a%25b/", "ws://a%2525b/",
	"ws://a\\b/", "ws://a^b/", "ws://a|b/", "ws://a<b/", "ws://a>b/", "ws://xn--a/", "ws://xn--/", "ws://\xff/", "ws://%FF/", "ws://a\uFFFDb/",
	// These hold characters that IDNA turns into others, or into none.
	"ws://a／b/", "ws://a＃b/", "ws://a＠b/", "ws://a？b/", "ws://a％b/", "ws://a：80/", "ws://a\u3000b/", "ws://a＜b/", "ws://℀/", "ws://\u00ad/", "ws://\u00ad:80/",
	"ws://a\u200bb／/", "ws://［::1］/",
}

func TestTargetBad(t *testing.T) {
	for _, s := range badTargets {
		if u, err := wire.ParseTarget(s); err == nil {
			t.Errorf("%q is taken as %s", s, u)
		}
	}
}

// What is said of a bad URL is logged, and the URL may hold secrets.
func TestTargetErrorKeepsSecrets(t *testing.T) {
	for _, s := range []string{
		"ws://u:secret@example.com/", "ws://example.com/%zz?secret", "ws://example.com/?secret#", "ws://exa mple.com/?secret", "http://example.com/secret",
		"ws://[::1/?secret", "ws://example.com/secret\x00", "ws://a／b/secret", "ws://example.com:0/?secret",
	} {
		if _, err := wire.ParseTarget(s); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func FuzzTarget(f *testing.F) {
	for s := range goodTargets {
		f.Add(s)
	}
	for _, s := range badTargets {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := wire.ParseTarget(s)
		if err != nil {
			if !utf8.ValidString(err.Error()) && utf8.ValidString(s) {
				t.Errorf("%q: the error %q is no UTF-8", s, err)
			}
			return
		}
		if u.Scheme != "ws" && u.Scheme != "wss" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
			t.Errorf("%q is taken as %s", s, u)
		}
		if u.Host != strings.ToLower(u.Host) {
			t.Errorf("%q: the host is %q", s, u.Host)
		}
		for _, c := range []byte(u.RequestURI() + u.Host) {
			if c <= ' ' || c >= 0x7f {
				t.Errorf("%q: %q of %q cannot stand in a request", s, u.RequestURI(), u.Host)
				break
			}
		}
		again, err := wire.ParseTarget(u.String())
		if err != nil || again.String() != u.String() || again.Host != u.Host || again.RequestURI() != u.RequestURI() {
			t.Errorf("%q is taken as %s, and that as %v, %v", s, u, again, err)
		}
		if r, err := http.NewRequest(http.MethodGet, "http://"+u.Host+u.RequestURI(), nil); err != nil || r.URL.Host != u.Host {
			t.Errorf("%q: no request for it: %v", s, err)
		}
	})
}
