package wire_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// codes are the constants of the type ErrorCode, read from the source, so that
// none is forgotten.
func codes(t *testing.T) []wire.ErrorCode {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []wire.ErrorCode
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "ErrorCode" {
			for _, value := range spec.Values {
				word, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				codes = append(codes, wire.ErrorCode(word))
			}
		}
		return true
	})
	return codes
}

func TestErrorCodes(t *testing.T) {
	all := codes(t)
	if len(all) < 18 {
		t.Errorf("only %v", all)
	}
	for _, code := range all {
		status := code.Status()
		if status < 400 || http.StatusText(status) == "" {
			t.Errorf("%s has the status %d", code, status)
		}
		want := time.Duration(0)
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			want = time.Second
		}
		if got := code.RetryAfter(); got != want {
			t.Errorf("%s, status %d: to be tried again after %v", code, status, got)
		}
	}
}

// These stand in docs/protocol.md.
func TestErrorStatus(t *testing.T) {
	for code, want := range map[wire.ErrorCode]int{
		"bad_request": 400, "token_invalid": 401, "token_expired": 401, "origin_denied": 403, "target_denied": 403, "no_socket": 403,
		"not_found": 404, "method_not_allowed": 405, "out_of_window": 409, "too_large": 413, "misdirected": 421, "limit_reached": 429,
		"rate_limited": 429, "target_unreachable": 502, "target_refused": 502, "no_relay": 503, "busy": 503, "target_timeout": 504,
		"internal": 500,
	} {
		if got := code.Status(); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
}

func TestErrorf(t *testing.T) {
	err := fmt.Errorf("open: %w", wire.Errorf(wire.Busy, "%d wait", 64))
	var e *wire.Error
	if !errors.As(err, &e) || *e != (wire.Error{Code: wire.Busy, Message: "64 wait"}) || e.Error() != "64 wait" {
		t.Errorf("%#v", e)
	}
}
