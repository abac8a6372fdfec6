package wire_test

import (
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

var callbacks = map[string]bool{
	"cb": true, "_": true, "$": true, "a1": true, "a.b": true, "jQuery.$1._x": true, strings.Repeat("a", 128): true,
	"": false, ".": false, "a.": false, ".a": false, "a..b": false, "1a": false, "a.1": false, "a-b": false, "a b": false,
	"a[0]": false, "a(": false, "alert(1)//": false, "a\n": false, "\na": false, "a\x00": false, "é": false, "ａ": false,
	"a;b": false, "a\u2028": false, strings.Repeat("a", 129): false,
}

func TestValidCallback(t *testing.T) {
	for s, want := range callbacks {
		if wire.ValidCallback(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

// matchCallback is the rule of docs/protocol.md, jsonp.callback, by hand.
func matchCallback(s string) bool {
	for name := range strings.SplitSeq(s, ".") {
		for i, c := range []byte(name) {
			letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
		if name == "" {
			return false
		}
	}
	return len(s) <= 128
}

func FuzzCallback(f *testing.F) {
	for s := range callbacks {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := wire.ValidCallback(s), matchCallback(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	})
}

func TestJSONP(t *testing.T) {
	if before, behind := wire.JSONP("a.b"); string(before) != "/**/a.b(" || string(behind) != ");" {
		t.Errorf("%q … %q", before, behind)
	}
}
