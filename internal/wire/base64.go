package wire

import (
	"encoding/base64"
	"errors"
	"strings"
)

// DecodeBase64 reads base64 in the standard or the URL alphabet, padded or not
// (RFC 4648 §4 and §5).
func DecodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("base64 with a line break")
	}
	if strings.Contains(s, " ") {
		return nil, errors.New("base64 with a space (in a URL or a form a + is a space: send it as %2B, or use the URL alphabet)")
	}
	bare := strings.TrimRight(s, "=")
	if pad := len(s) - len(bare); pad > 0 && (pad > 2 || len(s)%4 != 0) {
		return nil, errors.New("base64 with the wrong padding")
	}
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(bare, "-_") {
		encoding = base64.RawURLEncoding
	}
	data, err := encoding.DecodeString(bare)
	if err != nil {
		return nil, errors.New("not base64")
	}
	return data, nil
}
