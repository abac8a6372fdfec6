package endpoint_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/endpoint"
)

func TestHealth(t *testing.T) {
	var unready error
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h := endpoint.Health(func(ctx context.Context) error {
		if _, bound := ctx.Deadline(); !bound {
			t.Error("it may take for ever")
		}
		return unready
	}, endpoint.Polite(func(string) bool { return false }, next))
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, path, nil)
		r.Host = "10.0.0.7:9001" // as no client would
		h.ServeHTTP(w, r)
		return w
	}
	const draining = `{"ok":false,"error":"the relay is draining","code":"no_relay"}`
	for _, test := range []struct {
		unready            error
		method, path, body string
		status             int
	}{
		{nil, "GET", "/healthz", `{"ok":true}`, 200},
		{nil, "GET", "/readyz", `{"ok":true}`, 200},
		{nil, "HEAD", "/readyz", `{"ok":true}`, 200}, // of which the server sends no body
		{nil, "GET", "/readyz?x=%", `{"ok":true}`, 200},
		{errors.New("the relay is draining"), "GET", "/healthz", `{"ok":true}`, 200},
		{errors.New("the relay is draining"), "GET", "/readyz", draining, 503},
		{errors.New("the relay is draining"), "HEAD", "/readyz", draining, 503},
		{nil, "POST", "/readyz", "method_not_allowed", 405},
		{nil, "GET", "/readyz/", "misdirected", 421},
		{nil, "GET", "/create", "misdirected", 421},
	} {
		unready = test.unready
		w := ask(test.method, test.path)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) {
			t.Errorf("%s %s: %d %s, want %d %s", test.method, test.path, w.Code, w.Body, test.status, test.body)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" ||
			w.Header().Get("Cross-Origin-Resource-Policy") != "same-origin" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s %s: %v", test.method, test.path, w.Header())
		}
		if (test.status == 503) != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%s %s: %v", test.method, test.path, w.Header())
		}
	}
}
