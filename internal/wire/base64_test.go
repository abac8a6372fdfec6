package wire_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

func TestBase64(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "aGk=": "hi", "aGk": "hi", "aA==": "h", "aA": "h", "aGkh": "hi!",
		"+/+/": "\xfb\xff\xbf", "-_-_": "\xfb\xff\xbf", "-_8=": "\xfb\xff", "-_8": "\xfb\xff", "+/8": "\xfb\xff",
	} {
		if got, err := wire.DecodeBase64(s); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"a", "aGkha", "=", "==", "===", "====", "a===", "aGk==", "aA=", "aGkh=", "aGkh====", "aA==aA==", "a=Gk",
		"+_", "-/+/", "aG k", "aGk\n", "aG\r\nk", "aGk!", "aG%3D", "äöü=", "aGk\x00",
	} {
		if got, err := wire.DecodeBase64(s); err == nil {
			t.Errorf("%q: %q", s, got)
		}
	}
}

// Who forgets that a + in a form is a space is told so.
func TestBase64Space(t *testing.T) {
	if _, err := wire.DecodeBase64("a b="); err == nil || !strings.Contains(err.Error(), "%2B") {
		t.Error(err)
	}
}

var alphabets = []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding}

func FuzzBase64(f *testing.F) {
	for _, seed := range []string{"", "aGk=", "-_8", "+/8=", "a===", "aG\nk"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := wire.DecodeBase64(s)
		var want []byte
		ok := false
		for _, alphabet := range alphabets {
			if decoded, err := alphabet.DecodeString(s); err == nil && !strings.ContainsAny(s, "\r\n") {
				want, ok = decoded, true
			}
		}
		if (err == nil) != ok || !bytes.Equal(got, want) {
			t.Errorf("%q: %x, %v, want %x, %v", s, got, err, want, ok)
		}
		for _, alphabet := range alphabets {
			if back, err := wire.DecodeBase64(alphabet.EncodeToString([]byte(s))); err != nil || string(back) != s {
				t.Errorf("%q encoded: %q, %v", s, back, err)
			}
		}
	})
}
