package wire

import "unicode/utf8"

// A UTF8 judges text that comes in parts, which may be cut inside a character.
// The zero value is ready.
type UTF8 struct {
	rest [utf8.UTFMax]byte // an unfinished character's bytes
	n    int
}

// Write takes the next part and tells whether the text can still be UTF-8.
// After false the UTF8 is of no further use.
func (u *UTF8) Write(p []byte) bool {
	for u.n > 0 && len(p) > 0 {
		u.rest[u.n] = p[0]
		u.n++
		p = p[1:]
		if utf8.FullRune(u.rest[:u.n]) {
			if r, size := utf8.DecodeRune(u.rest[:u.n]); r == utf8.RuneError || size != u.n {
				// U+FFFD itself is three bytes long and no error.
				if r != utf8.RuneError || size != u.n || size == 1 {
					return false
				}
			}
			u.n = 0
		}
	}
	// Set an unfinished character at the end aside: it begins in the last three bytes.
	end := len(p)
	for i := 1; i < utf8.UTFMax && i <= len(p); i++ {
		if tail := p[len(p)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				end -= i
			}
			break
		}
	}
	if !utf8.Valid(p[:end]) {
		return false
	}
	if end < len(p) {
		u.n = copy(u.rest[:], p[end:])
	}
	return true
}

// Done tells whether the text so far ends with a whole character.
func (u *UTF8) Done() bool { return u.n == 0 }
