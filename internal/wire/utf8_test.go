package wire_test

import (
	"testing"
	"unicode/utf8"

	"github.com/polysocket/polysocket/internal/wire"
)

// texts are whole, broken in all the ways of Unicode table 3-7, or unfinished.
var texts = []string{
	"", "plain", "é€😀", "\u0000", "\uFFFD", "a\uFFFDb", "\uFFFD\uFFFD", "\U0010FFFF", "\uD7FF\uE000", "\u2028",
	"\x80", "a\xff", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",
	"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2(\xa1", "\xe2\x82(", "\xf0\x90(\xbc", "\xc3\xc3", "\xef\xbf\xbe\xef", "😀\xf0",
	"\xe2\x82", "\xf0\x9f\x98", "a\xc3", "\xef\xbf",
}

func TestUTF8(t *testing.T) {
	for _, text := range texts {
		for i := range len(text) + 1 {
			for j := i; j <= len(text); j++ {
				judge(t, text[:i], text[i:j], text[j:])
			}
		}
		var bytes []string
		for i := range len(text) {
			bytes = append(bytes, text[i:i+1], "")
		}
		judge(t, bytes...)
	}
}

// judge compares the verdict over the parts with that of the standard library
// over the whole.
func judge(t *testing.T, parts ...string) {
	t.Helper()
	var u wire.UTF8
	var whole string
	for _, part := range parts {
		whole += part
		can := u.Write([]byte(part))
		if want := canBeUTF8(whole); can != want {
			t.Errorf("%q: Write after %q is %v", parts, whole, can)
		}
		if !can {
			return
		}
		if u.Done() != utf8.ValidString(whole) {
			t.Errorf("%q: Done after %q is %v", parts, whole, u.Done())
		}
	}
}

// canBeUTF8 tells whether something could follow that makes s UTF-8: what is
// wrong in it is an unfinished character at its end, if anything.
func canBeUTF8(s string) bool {
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			return !utf8.FullRuneInString(s)
		}
		s = s[size:]
	}
	return true
}

func TestUTF8AllocatesNothing(t *testing.T) {
	text := []byte("é€😀")
	if n := testing.AllocsPerRun(100, func() {
		var u wire.UTF8
		if !u.Write(text[:4]) || !u.Write(text[4:]) || !u.Done() {
			t.Error("no UTF-8")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzUTF8(f *testing.F) {
	for _, text := range texts {
		f.Add(text, uint(1), uint(2))
	}
	f.Fuzz(func(t *testing.T, text string, i, j uint) {
		n := uint(len(text) + 1)
		i, j = min(i%n, j%n), max(i%n, j%n)
		judge(t, text[:i], text[i:j], text[j:])
	})
}
