package wire

import "regexp"

// MaxCallback is the longest callback, in characters.
const MaxCallback = 128

var callback = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*)*$`)

// ValidCallback tells whether s may be called back by a JSONP answer: a dotted
// path of ASCII identifiers.
func ValidCallback(s string) bool { return len(s) <= MaxCallback && callback.MatchString(s) }

// JSONP is what stands before and behind the JSON object in a script that calls
// the callback with it. The comment in front keeps the first bytes out of the
// caller's hands, so that the body cannot pass for a file of another type.
func JSONP(callback string) (before, behind []byte) {
	return append([]byte("/**/"), callback+"("...), []byte(");")
}
