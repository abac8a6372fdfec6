package auth

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

func mustTarget(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := wire.ParseTarget(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return u
}

var targetTable = []struct {
	pattern string
	yes, no []string
}{
	{"wss://ws.example.com/*",
		[]string{
			"wss://ws.example.com", "wss://ws.example.com/", "wss://ws.example.com/a", "wss://ws.example.com/a/b/c/", "wss://ws.example.com//", "wss://ws.example.com/?q",
			"wss://ws.example.com?q=/x", "wss://ws.example.com:443/a", "wss://ws.example.com:0443/a", "WSS://WS.Example.COM/a", "wss://ws.example.com./a",
			"wss://ws.example.com.:443/a", "wss://ws.example.com/../../a", "wss://ws.example.com/a*b",
			"wss://ｗｓ.example.com/", "wss://ws。example.com/", "wss://ws.exam\u00adple.com/",
		},
		[]string{
			"ws://ws.example.com/", "ws://ws.example.com:443/", "wss://ws.example.com:80/", "wss://ws.example.com:8443/", "wss://example.com/", "wss://a.ws.example.com/",
			"wss://ws.example.com.evil.example/", "wss://evilws.example.com/", "wss://ws.example.co/", "wss://ws.example.comm/", "wss://wsxexample.com/", "wss://evil.example/ws.example.com/",
			"wss://evil.example/?wss://ws.example.com/", "wss://ws-example.com/", "wss://ws.example.com:4430/", "wss://ws.example.com:1443/",
		}},
	{"wss://ws.example.com",
		[]string{"wss://ws.example.com", "wss://ws.example.com/", "wss://ws.example.com/?a", "wss://ws.example.com/./", "wss://ws.example.com/a/..", "wss://ws.example.com/a/../"},
		[]string{"wss://ws.example.com/a", "wss://ws.example.com//"}},
	{"wss://ws.example.com/", []string{"wss://ws.example.com"}, []string{"wss://ws.example.com/a"}},
	{"wss://*.rt.example.com:8443/chat/*",
		[]string{
			"wss://a.rt.example.com:8443/chat/", "wss://a.rt.example.com:8443/chat/x", "wss://a.b.rt.example.com:8443/chat/x/y", "wss://a.rt.example.com:08443/chat/x",
			"wss://a.rt.example.com:8443/chat//x", "wss://a.rt.example.com:8443/chat/x?y", "wss://a.rt.example.com:8443/x/../chat/y", "wss://a.rt.example.com:8443/./chat/y",
			"wss://a.rt.example.com:8443/%63hat/y", "wss://xn--mnchen-3ya.rt.example.com:8443/chat/", "wss://1.rt.example.com:8443/chat/",
		},
		[]string{
			"wss://rt.example.com:8443/chat/", "wss://a.rt.example.com/chat/", "wss://a.rt.example.com:8443/chat", "wss://a.rt.example.com:8443/chatx", "wss://a.rt.example.com:8443/chat?/",
			"wss://a.rt.example.com:8443/Chat/", "wss://a.rt.example.com:8443/CHAT/x", "wss://a.rt.example.com:8443/", "wss://a.rt.example.com:8443//chat/x",
			"wss://a.rt.example.com:8443/chat/../admin", "wss://a.rt.example.com:8443/chat/..", "wss://a.rt.example.com:8443/chat/x/../../admin", "wss://a.rt.example.com:8443/x/chat/",
			"wss://art.example.com:8443/chat/", "wss://a.rt.example.com.evil.example:8443/chat/", "wss://evil.example:8443/chat/", "ws://a.rt.example.com:8443/chat/",
		}},
	{"ws://*/*",
		[]string{
			"ws://a/", "ws://a.b.c/d", "ws://127.0.0.1/", "ws://[::1]/x", "ws://[::ffff:10.0.0.1]/", "ws://localhost/", "ws://a:80/", "ws://127.0.0.1./",
		},
		[]string{"wss://a/", "ws://a:81/", "ws://[::1]:8080/"}},
	{"wss://*:8443/", []string{"wss://a.example:8443", "wss://[2001:db8::1]:8443/"}, []string{"wss://a.example/", "wss://a.example:443/", "wss://a.example:8443/x"}},
	{"ws://10.1.2.3:9000/*",
		[]string{"ws://10.1.2.3:9000/", "ws://10.1.2.3.:9000/", "ws://１０.1.2.3:9000/"},
		[]string{"ws://10.1.2.3/", "ws://10.1.2.33:9000/", "ws://110.1.2.3:9000/", "ws://[::ffff:10.1.2.3]:9000/", "ws://a.10.1.2.3.example:9000/", "ws://10.1.2.3.example:9000/"}},
	{"ws://[2001:DB8:0::A]/*", []string{"ws://[2001:db8::a]/", "ws://[2001:0db8:0000:0000:0000:0000:0000:000a]:80/x"}, []string{"ws://[2001:db8::b]/", "ws://2001-db8--a.example/"}},
	{"wss://münchen.example/straße/*",
		[]string{"wss://xn--mnchen-3ya.example/straße/", "wss://MÜNCHEN.example/stra%c3%9fe/x", "wss://m%C3%BCnchen.example/stra%C3%9Fe/", "wss://XN--MNCHEN-3YA.example/stra%C3%9Fe/"},
		[]string{"wss://munchen.example/straße/", "wss://münchen.example/strasse/"}},
	{"wss://xn--mnchen-3ya.example/*", []string{"wss://münchen.example/"}, []string{"wss://xn--mnchen-3ya.example.evil.example/"}},
	{"wss://a.example./*", []string{"wss://a.example/", "wss://a.example./"}, []string{"wss://example/"}},
	{"wss://*.example.:0443/*", []string{"wss://a.example/", "wss://a.b.example.:443/"}, []string{"wss://example/"}},
	{"wss://a.example:443/x", []string{"wss://a.example/x"}, []string{"wss://a.example/x/", "wss://a.example/X", "wss://a.example//x"}},
	{"wss://a.example/x//y/", []string{"wss://a.example/x//y/", "wss://a.example/x//z/../y/"}, []string{"wss://a.example/x/y/", "wss://a.example/x//y", "wss://a.example/x///y/"}},
	{"wss://a.example//*", []string{"wss://a.example//", "wss://a.example//x"}, []string{"wss://a.example/", "wss://a.example/x"}},
	{"wss://a.example/%7euser/a%2ab/%e2%82%ac", []string{"wss://a.example/~user/a%2Ab/€", "wss://a.example/%7Euse%72/a%2ab/%E2%82%AC"},
		[]string{"wss://a.example/~user/a*b/€", "wss://a.example/~user/a%252ab/€", "wss://a.example/~USER/a%2ab/€"}},
	{"wss://a.example/a;b=c,d:e@f!$&'()+", []string{"wss://a.example/a;b=c,d:e@f!$&'()+"}, []string{"wss://a.example/a", "wss://a.example/a%3Bb=c,d:e@f!$&'()+"}},
	{"wss://a.example/.well-known/x...y/...", []string{"wss://a.example/.well-known/x...y/..."}, []string{"wss://a.example/.well-known/x...y/"}},
	{"wss://a.example/10%25/0A/...%3B/x;/*", []string{"wss://a.example/10%25/0A/...%3B/x;/y%25zz%20"}, []string{"wss://a.example/10/0A/...%3B/x;/y"}},
	{"ws://my_service:3000/*", []string{"ws://my_service:3000/", "ws://MY_service:3000/"}, []string{"ws://my-service:3000/"}},
}

func TestTargets(t *testing.T) {
	for _, test := range targetTable {
		targets, err := ParseTargets([]string{"wss://another.example/", test.pattern})
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		for _, s := range test.yes {
			if !targets.Match(mustTarget(t, s)) {
				t.Errorf("%s does not match %s", test.pattern, s)
			}
		}
		for _, s := range test.no {
			if targets.Match(mustTarget(t, s)) {
				t.Errorf("%s matches %s", test.pattern, s)
			}
		}
	}
	if (Targets{}).Match(mustTarget(t, "ws://a/")) {
		t.Error("no pattern matches something")
	}
}

// hostile are targets that wire.ParseTarget accepts and that have no normal form:
// something on the way might read them in another way than we do.
var hostile = []string{
	// Names of what no name has, which may also not be read again.
	"ws://*/", "ws://*.example.com/", "ws://a*b/", "ws://ｗ｝/", "ws://a;b/", "ws://a,b/", "ws://a'b/", "ws://(a)/", "ws://a=b&c/", "ws://a+b/", "ws://a!$/", "ws://a~b/",
	// Names that are too long.
	"ws://" + strings.Repeat("a", 64) + "/", "ws://" + strings.Repeat("aaa.", 63) + "aa/", "ws://w*" + strings.Repeat("v", 7000) + "***s,ͦ/",
	// Paths that can be read in two ways.
	"ws://a/%2e", "ws://a/%2e%2e/x", "ws://a/%2E%2e/x", "ws://a/.%2e/x", "ws://a/%2e./x", "ws://a/x%2ey", "ws://a/chat/%2e%2e/admin", "ws://a/chat%2f..%2fadmin", "ws://a/%2f", "ws://a/x%2Fy",
	"ws://a/%5c", "ws://a/x%5Cy", `ws://a/x\y`, `ws://a/chat/..\admin`, `ws://a/\..\x`, "ws://a/x/%5c../y", "ws://a/..;/x", "ws://a/.;x/y", "ws://a/chat/..;a=b/admin",
	"ws://a/chat/..%3b/admin", "ws://a/.%3B", "ws://a/chat/..%253b/admin", "ws://a/..%25253Bx/y",
	"ws://a/chat/x%00", "ws://a/chat/..%00/admin", "ws://a/x%0d%0aHost:%20b", "ws://a/%1f", "ws://a/%7F", "ws://a/x%2500", "ws://a/%25250A",
	"ws://a/%252e%252e/x", "ws://a/%25252e/x", "ws://a/%252f", "ws://a/%255c", "ws://a/x%25%32%65", "ws://a/%25%32%46",
	"ws://a/%c0%ae%c0%ae/x", "ws://a/%c0%af", "ws://a/%e0%80%ae", "ws://a/%ff", "ws://a/\xff", "ws://a/%ed%a0%80", "ws://a/x%80",
}

func TestHostile(t *testing.T) {
	every, err := ParseTargets([]string{"ws://*/*", "wss://*/*", "ws://a/*", "ws://127.0.0.1/*"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range hostile {
		u := mustTarget(t, s)
		if every.Match(u) {
			t.Errorf("%s matches", s)
		}
		n, err := Normalise(u)
		var e *wire.Error
		if n != nil || !errors.As(err, &e) || e.Code != wire.TargetDenied || !strings.HasPrefix(e.Message, "target: the ") {
			t.Errorf("%s: %v, %v", s, n, err)
		}
	}
}

// An address in another spelling is that address: wire.ParseTarget has read it.
func TestSpellings(t *testing.T) {
	only, err := ParseTargets([]string{"ws://127.0.0.1/*"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := ParseTargets([]string{"ws://*.example/*", "ws://127.0.0.2/*", "wss://*/*"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		"ws://2130706433/", "ws://0x7f000001/", "ws://0X7F.1/", "ws://0x7f.0.0.1/", "ws://127.1/", "ws://127.0.1/", "ws://0177.0.0.1/", "ws://017700000001/",
		"ws://127.0.0.01/", "ws://127.0.0.0x1/", "ws://2130706433./", "ws://0x7f.1./", "ws://127.1.:80/", "ws://２１３０７０６４３３/", "ws://0ｘ7f.1/", "ws://127。1/",
	} {
		u := mustTarget(t, s)
		if n, err := Normalise(u); err != nil || n.String() != "ws://127.0.0.1/" {
			t.Errorf("%s: %v, %v", s, n, err)
		}
		if !only.Match(u) || other.Match(u) {
			t.Errorf("%s is not matched as 127.0.0.1", s)
		}
	}
}

func TestNormalise(t *testing.T) {
	for s, want := range map[string]string{
		"ws://a":                                "ws://a/",
		"ws://a?x":                              "ws://a/?x",
		"ws://a/?":                              "ws://a/?",
		"WSS://A.Example.:0443/x":               "wss://a.example/x",
		"wss://a:80/":                           "wss://a:80/",
		"ws://a:80/":                            "ws://a/",
		"ws://a:00081/":                         "ws://a:81/",
		"ws://[0::1]:80/":                       "ws://[::1]/",
		"ws://[::FFFF:1.2.3.4]:81/":             "ws://[::ffff:1.2.3.4]:81/",
		"ws://127.0.0.1.:80/":                   "ws://127.0.0.1/",
		"ws://a/b/./c/../d":                     "ws://a/b/d",
		"ws://a/b/..":                           "ws://a/",
		"ws://a/b/.":                            "ws://a/b/",
		"ws://a/../..":                          "ws://a/",
		"ws://a/../b/":                          "ws://a/b/",
		"ws://a/..//":                           "ws://a//",
		"ws://a/b//../c":                        "ws://a/b/c",
		"ws://a//..//b":                         "ws://a//b",
		"ws://a//":                              "ws://a//",
		"ws://a/...":                            "ws://a/...",
		"ws://a/%7Euser/%41%2a%2d":              "ws://a/~user/A%2A-",
		"ws://a/é/%c3%a9":                       "ws://a/%C3%A9/%C3%A9",
		"ws://a/b%20c":                          "ws://a/b%20c",
		"ws://a/a*b!(c)[d]/é":                   "ws://a/a*b!(c)[d]/%C3%A9",
		"ws://a/a*b!(c)[d]/%C3%A9":              "ws://a/a*b!(c)[d]/%C3%A9",
		"ws://a/a|b\"<>^`{}":                    "ws://a/a%7Cb%22%3C%3E%5E%60%7B%7D",
		"ws://a/%21%3b%3a%40%2B":                "ws://a/%21%3B%3A%40%2B",
		"ws://a/%3c%3E":                         "ws://a/%3C%3E",
		"ws://a/x?/../%2e%2F":                   "ws://a/x?/../%2e%2F",
		"ws://a/100%25/x":                       "ws://a/100%25/x",
		"ws://a/%25zz":                          "ws://a/%25zz",
		"ws://a/b;c/d":                          "ws://a/b;c/d",
		"ws://xn--mnchen-3ya/":                  "ws://xn--mnchen-3ya/",
		"ws://" + strings.Repeat("a", 63) + "/": "ws://" + strings.Repeat("a", 63) + "/",
		"ws://" + strings.Repeat("aaa.", 63) + "a./": "ws://" + strings.Repeat("aaa.", 63) + "a/",
		"ws://1a/":    "ws://1a/",
		"ws://0xg/":   "ws://0xg/",
		"ws://1.com/": "ws://1.com/",
	} {
		u := mustTarget(t, s)
		before := *u
		n, err := Normalise(u)
		if err != nil || n.String() != want {
			t.Errorf("%s: %v, %v, want %s", s, n, err, want)
		}
		if *u != before {
			t.Errorf("%s: the argument was changed", s)
		}
	}
}

func TestParseTargetsBad(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                         "begin with a scheme",
		"*":                        "begin with a scheme",
		"ws.example.com/*":         "begin with a scheme",
		"//ws.example.com/*":       "begin with a scheme",
		"https://ws.example.com/*": "ws:// or wss://",
		"*://ws.example.com/*":     "not a URL",
		"ws*://ws.example.com/*":   "not a URL",
		"wss://":                   "no host",
		"wss:///x":                 "no host",
		"wss://*./x":               "no host",
		"wss://:443/x":             "no host",
		"wss://a+b/x":              "letters, digits",
		"wss://*.a;b/x":            "letters, digits",
		"wss://a.*.com/":           "a * in a host",
		"wss://a*/":                "a * in a host",
		"wss://*a/":                "a * in a host",
		"wss://**/":                "a * in a host",
		"wss://*.*/":               "a * in a host",
		"wss://*.*.com/":           "a * in a host",
		"wss://*@evil.example/":    "a * in a host",
		"wss://*.127.0.0.1/":       "nothing stands before an address",
		"wss://*.[::1]/":           "nothing stands before an address",
		"wss://*.1/":               "nothing stands before an address",
		"wss://*.0x7f/":            "nothing stands before an address",
		"wss://a.1/":               "ends in a number",
		"wss://1.2.3.4.5/":         "ends in a number",
		"wss://a..b/":              "empty label",
		"wss://*..a/":              "empty label",
		"wss://u:p@a.example/":     "user name",
		"wss://a.example:*/":       "a * in a host",
		"wss://a.example:0/":       "port",
		"wss://a.example:70000/":   "port",
		"wss://a.example:/":        "port",
		"wss://*:/":                "port",
		"wss://a.example/?x":       "query",
		"wss://a.example?":         "query",
		"wss://a.example/#x":       "query or a fragment",
		"wss://a.example/*/x":      "last segment",
		"wss://a.example/*/*":      "last segment",
		"wss://a.example/*/":       "last segment",
		"wss://a.example/x*":       "last segment",
		"wss://a.example/*x":       "last segment",
		"wss://a.example/**":       "last segment",
		"wss://a.example/a/../b":   "dot segment",
		"wss://a.example/./*":      "dot segment",
		"wss://a.example/..":       "dot segment",
		"wss://a.example/%2e/*":    "encoded dot",
		"wss://a.example/x%2Fy":    "encoded dot",
		"wss://a.example/x%5cy":    "encoded dot",
		`wss://a.example/x\y`:      "encoded dot",
		"wss://a.example/%252e":    "encoded twice",
		"wss://a.example/..;":      "parameter",
		"wss://a.example/..%3B/*":  "parameter",
		"wss://a.example/x%00/*":   "control",
		"wss://a.example/%ff":      "UTF-8",
		"wss://a.example/%zz":      "escape",
		"wss://a.example/a b":      "space",
		" wss://a.example/":        "space",
		`wss://a.example\@b/*`:     "not a URL",
	} {
		_, err := ParseTargets([]string{"ws://a/*", pattern})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "target pattern ") {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}
