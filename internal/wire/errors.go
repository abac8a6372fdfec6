package wire

import (
	"fmt"
	"net/http"
	"time"
)

// An ErrorCode is the word for a program in an error's body.
type ErrorCode string

// The error codes of the protocol. Their statuses stand in one table below.
const (
	BadRequest        ErrorCode = "bad_request"
	TokenInvalid      ErrorCode = "token_invalid"
	TokenExpired      ErrorCode = "token_expired"
	OriginDenied      ErrorCode = "origin_denied"
	TargetDenied      ErrorCode = "target_denied"
	NoSocket          ErrorCode = "no_socket"
	NotFound          ErrorCode = "not_found"
	MethodNotAllowed  ErrorCode = "method_not_allowed"
	OutOfWindow       ErrorCode = "out_of_window"
	TooLarge          ErrorCode = "too_large"
	Misdirected       ErrorCode = "misdirected"
	LimitReached      ErrorCode = "limit_reached"
	RateLimited       ErrorCode = "rate_limited"
	TargetUnreachable ErrorCode = "target_unreachable"
	TargetRefused     ErrorCode = "target_refused"
	NoRelay           ErrorCode = "no_relay"
	Busy              ErrorCode = "busy"
	TargetTimeout     ErrorCode = "target_timeout"
	Internal          ErrorCode = "internal" // a fault of ours
)

var statuses = map[ErrorCode]int{
	BadRequest:        http.StatusBadRequest,
	TokenInvalid:      http.StatusUnauthorized,
	TokenExpired:      http.StatusUnauthorized,
	OriginDenied:      http.StatusForbidden,
	TargetDenied:      http.StatusForbidden,
	NoSocket:          http.StatusForbidden,
	NotFound:          http.StatusNotFound,
	MethodNotAllowed:  http.StatusMethodNotAllowed,
	OutOfWindow:       http.StatusConflict,
	TooLarge:          http.StatusRequestEntityTooLarge,
	Misdirected:       http.StatusMisdirectedRequest,
	LimitReached:      http.StatusTooManyRequests,
	RateLimited:       http.StatusTooManyRequests,
	TargetUnreachable: http.StatusBadGateway,
	TargetRefused:     http.StatusBadGateway,
	NoRelay:           http.StatusServiceUnavailable,
	Busy:              http.StatusServiceUnavailable,
	TargetTimeout:     http.StatusGatewayTimeout,
	Internal:          http.StatusInternalServerError,
}

// Status is the HTTP status of an answer with the code.
func (c ErrorCode) Status() int {
	return statuses[c]
}

// RetryAfter is how long a client should wait before it tries again, where the
// code says that trying again may help; else 0.
func (c ErrorCode) RetryAfter() time.Duration {
	switch c.Status() {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return time.Second
	}
	return 0
}

// An Error is an answer that says no. It travels as it is: over the bus, and to
// the client.
type Error struct {
	Code ErrorCode
	// Message is the sentence for a person. It says what is wrong and what would
	// be right, and holds nothing that the client did not say or may not know.
	Message string
	// Wait is how long a client should wait before it tries again, where that is
	// known; else 0.
	Wait time.Duration
}

// Errorf makes an Error with a formatted message.
func Errorf(code ErrorCode, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Message }

// RetryAfter is how long a client should wait before it tries again; 0 where that
// would not help.
func (e *Error) RetryAfter() time.Duration {
	if least := e.Code.RetryAfter(); least == 0 || e.Wait < least {
		return least
	}
	return e.Wait
}
