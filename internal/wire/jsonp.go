package wire

import "regexp"

// MaxCallback is the longest callback, in characters.
const MaxCallback = 128

var callback = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*)*$`)

// ValidCallback tells whether s may be called back by a JSONP answer: a dotted
// path of ASCII identifiers.
func ValidCallback(s string) bool { return len(s) <= MaxCallback && callback.MatchString(s) }

// AppendJSONP appends a script that calls the callback with the JSON object. The
// comment in front keeps the first bytes out of the caller's hands, so that the
// body cannot pass for a file of another type.
func AppendJSONP(dst []byte, callback string, object []byte) []byte {
	dst = append(dst, "/**/"...)
	dst = append(dst, callback...)
	dst = append(dst, '(')
	dst = append(dst, object...)
	return append(dst, ");"...)
}
