package endpoint_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/wire"
)

func TestReadAnswer(t *testing.T) {
	long := strings.Repeat("a", 128)
	for query, want := range map[string]endpoint.Answer{
		"":                   {},
		"cb=a.b":             {Callback: "a.b"},
		"cb=" + long:         {Callback: long},
		"status=200":         {Always200: true, InBody: true},
		"status=200&cb=a.$_": {Callback: "a.$_", Always200: true, InBody: true},
	} {
		p := endpoint.NewParams("cb", "status")
		if err := p.Parse(query); err != nil {
			t.Fatal(err)
		}
		if got, err := endpoint.ReadAnswer(p); err != nil || got != want {
			t.Errorf("%s: %+v, %v", query, got, err)
		}
	}
	for query, want := range map[string]endpoint.Answer{
		"cb=":             {},
		"cb=a-b":          {},
		"cb=a(":           {},
		"cb=a" + long:     {},
		"cb=&status=200":  {}, // in JSON and with its own status
		"status=201&cb=a": {Callback: "a"},
		"status=":         {},
		"status=0200":     {},
	} {
		p := endpoint.NewParams("cb", "status")
		if err := p.Parse(query); err != nil {
			t.Fatal(err)
		}
		if got, err := endpoint.ReadAnswer(p); !is(err, wire.BadRequest, "") || got != want {
			t.Errorf("%s: %+v, %v", query, got, err)
		}
	}
	p := endpoint.NewParams("cb")
	_ = p.Parse("cb=a&status=200")
	if got, err := endpoint.ReadAnswer(p); err != nil || got != (endpoint.Answer{Callback: "a"}) {
		t.Errorf("an endpoint that does not name status: %+v, %v", got, err)
	}
}

func TestAnswer(t *testing.T) {
	const script = "application/javascript; charset=utf-8"
	ok := func(a endpoint.Answer, w http.ResponseWriter) { a.OK(w, http.StatusCreated, []byte(`,"n":7`)) }
	bare := func(a endpoint.Answer, w http.ResponseWriter) { a.OK(w, http.StatusOK, nil) }
	fails := func(err error) func(endpoint.Answer, http.ResponseWriter) {
		return func(a endpoint.Answer, w http.ResponseWriter) { a.Error(w, err) }
	}
	busy := fails(fmt.Errorf("wrapped: %w", wire.Errorf(wire.Busy, "later")))
	for _, test := range []struct {
		name   string
		answer endpoint.Answer
		do     func(endpoint.Answer, http.ResponseWriter)
		status int
		media  string
		body   string
	}{
		{"JSON", endpoint.Answer{}, ok, 201, "application/json", `{"ok":true,"n":7}`},
		{"JSON with no fields", endpoint.Answer{}, bare, 200, "application/json", `{"ok":true}`},
		{"JSON, status=200", endpoint.Answer{Always200: true, InBody: true}, ok, 200, "application/json", `{"ok":true,"status":201,"n":7}`},
		{"JSONP", endpoint.Answer{Callback: "a.b"}, ok, 201, script, `/**/a.b({"ok":true,"n":7});`},
		{"JSONP, status=200", endpoint.Answer{Callback: "a", Always200: true, InBody: true}, ok, 200, script, `/**/a({"ok":true,"status":201,"n":7});`},
		{"JSONP of a create", endpoint.Answer{Callback: "a", Always200: true}, ok, 200, script, `/**/a({"ok":true,"n":7});`},
		{"an error", endpoint.Answer{}, busy, 503, "application/json", `{"ok":false,"error":"later","code":"busy"}`},
		{"an error in JSONP", endpoint.Answer{Callback: "a"}, busy, 503, script, `/**/a({"ok":false,"error":"later","code":"busy"});`},
		{"an error, status=200", endpoint.Answer{Callback: "a", Always200: true, InBody: true}, busy, 200, script,
			`/**/a({"ok":false,"status":503,"error":"later","code":"busy"});`},
		{"an error in a script", endpoint.Answer{Callback: "a"}, fails(wire.Errorf(wire.BadRequest, "</script>\"\u2028\u2029\n")), 400, script,
			`/**/a({"ok":false,"error":"\u003c/script\u003e\"\u2028\u2029\n","code":"bad_request"});`},
		{"a fault of ours", endpoint.Answer{}, fails(errors.New("the password is x")), 500, "application/json",
			`{"ok":false,"error":"something went wrong here","code":"internal"}`},
	} {
		w := httptest.NewRecorder()
		test.do(test.answer, w)
		if w.Code != test.status || w.Body.String() != test.body || w.Header().Get("Content-Type") != test.media {
			t.Errorf("%s: %d %s\n%s\nwant %d %s\n%s", test.name, w.Code, w.Header().Get("Content-Type"), w.Body, test.status, test.media, test.body)
		}
		if got := w.Header().Get("Content-Length"); got != strconv.Itoa(len(test.body)) {
			t.Errorf("%s: Content-Length %s, and it has %d bytes", test.name, got, len(test.body))
		}
	}
}

// Also where the HTTP status is 200: a page may read the headers.
func TestErrorHeaders(t *testing.T) {
	for code, want := range map[wire.ErrorCode][2]string{
		wire.BadRequest: {}, wire.NoSocket: {}, wire.TargetTimeout: {}, wire.TargetUnreachable: {},
		wire.TokenInvalid: {"", "Bearer"}, wire.TokenExpired: {"", "Bearer"},
		wire.Busy: {"1", ""}, wire.NoRelay: {"1", ""}, wire.LimitReached: {"1", ""}, wire.RateLimited: {"1", ""},
	} {
		for _, a := range []endpoint.Answer{{}, {Always200: true, InBody: true}} {
			w := httptest.NewRecorder()
			a.Error(w, wire.Errorf(code, "no"))
			if got := [2]string{w.Header().Get("Retry-After"), w.Header().Get("WWW-Authenticate")}; got != want {
				t.Errorf("%s: Retry-After and WWW-Authenticate are %q", code, got)
			}
		}
	}
}

// Retry-After is in whole seconds, and never too early.
func TestRetryAfter(t *testing.T) {
	for _, test := range []struct {
		err  wire.Error
		want string
	}{
		{wire.Error{Code: wire.RateLimited, Wait: 1500 * time.Millisecond}, "2"},
		{wire.Error{Code: wire.RateLimited, Wait: time.Minute}, "60"},
		{wire.Error{Code: wire.RateLimited, Wait: time.Microsecond}, "1"},
		{wire.Error{Code: wire.LimitReached}, "1"},
		{wire.Error{Code: wire.NoRelay, Wait: time.Second + 1}, "2"},
		{wire.Error{Code: wire.TargetDenied, Wait: time.Minute}, ""},
	} {
		w := httptest.NewRecorder()
		endpoint.Answer{}.Error(w, &test.err)
		if got := w.Header().Get("Retry-After"); got != test.want {
			t.Errorf("%s, %v: Retry-After: %q, want %q", test.err.Code, test.err.Wait, got, test.want)
		}
	}
}
