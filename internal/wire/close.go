package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// CloseCode is a WebSocket close code, RFC 6455 §7.4.
type CloseCode uint16

// The close codes that polysocket itself speaks of, RFC 6455 §7.4.1 and the
// IANA registry.
const (
	CloseNormal         CloseCode = 1000
	CloseGoingAway      CloseCode = 1001
	CloseProtocolError  CloseCode = 1002
	CloseNoStatus       CloseCode = 1005 // stands for none given; never in a frame
	CloseAbnormal       CloseCode = 1006 // stands for a connection that broke; never in a frame
	CloseInvalidData    CloseCode = 1007
	ClosePolicy         CloseCode = 1008
	CloseTooBig         CloseCode = 1009
	CloseServiceRestart CloseCode = 1012
	CloseTryAgainLater  CloseCode = 1013
)

// MaxCloseReason is the room for a reason in a Close frame, in bytes: a control
// frame's 125, less two for the code.
const MaxCloseReason = 123

// Clean tells whether a closed connection's code stands for a closing handshake
// that was completed ("wasClean" in the WHATWG standard).
func (c CloseCode) Clean() bool { return c != CloseAbnormal }

// Receivable tells whether a peer may put the code in a Close frame.
func (c CloseCode) Receivable() bool {
	switch {
	case c >= 3000 && c <= 4999:
		return true
	case c >= 1000 && c <= 1014:
		return c != 1004 && c != CloseNoStatus && c != CloseAbnormal
	}
	return false
}

// CheckClose tells whether a client may close with the code and reason. As in a
// browser it may use 1000 and 3000 to 4999; and 1001, which a browser sends for
// a page that goes away. CloseNoStatus stands for a close without a code.
func CheckClose(code CloseCode, reason []byte) error {
	switch {
	case code == CloseNoStatus && len(reason) > 0:
		return errors.New("a close reason needs a code")
	case code != CloseNoStatus && code != CloseNormal && code != CloseGoingAway && (code < 3000 || code > 4999):
		return fmt.Errorf("close code %d is not allowed: use 1000, 1001 or 3000 to 4999", code)
	case len(reason) > MaxCloseReason:
		return fmt.Errorf("the close reason has %d bytes, and at most %d are allowed", len(reason), MaxCloseReason)
	case !utf8.Valid(reason):
		return errors.New("the close reason is not UTF-8")
	}
	return nil
}

// AppendClosePayload appends the payload of a Close frame, RFC 6455 §5.5.1:
// nothing for CloseNoStatus, else the code and the reason.
func AppendClosePayload(dst []byte, code CloseCode, reason []byte) []byte {
	if code == CloseNoStatus {
		return dst
	}
	return append(binary.BigEndian.AppendUint16(dst, uint16(code)), reason...)
}

// ParseClosePayload is the inverse of AppendClosePayload. It fails on a payload
// of one byte, and on a CloseNoStatus that is spelled out; the caller judges any
// other code, and the reason.
func ParseClosePayload(p []byte) (CloseCode, []byte, error) {
	switch len(p) {
	case 0:
		return CloseNoStatus, nil, nil
	case 1:
		return 0, nil, errors.New("a Close frame's payload has one byte: a code has two")
	}
	code := CloseCode(binary.BigEndian.Uint16(p))
	if code == CloseNoStatus {
		return 0, nil, fmt.Errorf("a Close frame has the code %d, which is never in a frame", code)
	}
	return code, p[2:], nil
}
