package router_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/router"
	"github.com/polysocket/polysocket/internal/wire"
)

// Whatever is sent to /create, there is an answer in JSON or JSONP, and what
// reaches a relay is well-formed.
func FuzzCreate(f *testing.F) {
	good := params("cb=a.b", "nonce=0123456789abcdef", "protocols=a, b")
	f.Add("", form, []byte(good.Encode()), "", true)
	f.Add("cb=f", "application/json", []byte(object(params("token=x"))), "", true)
	f.Add(good.Encode(), "", []byte(nil), "Bearer x", false)
	f.Add("from=x&cb=a&cb=b&target=%zz", "application/json;", []byte(`{"from":[1]}{}`), "Basic x", true)
	f.Fuzz(func(t *testing.T, query, media string, body []byte, authorization string, post bool) {
		b := &fakeBus{nodes: []bus.Node{{ID: "node", Wildcard: true}}}
		rt := router.New(router.Options{Bus: b, Settings: router.Settings{Auth: &fakeAuth{}}, Log: slog.New(slog.DiscardHandler)})
		r := httptest.NewRequest(http.MethodGet, "/create", nil)
		if post {
			r.Method, r.Body = http.MethodPost, io.NopCloser(strings.NewReader(string(body)))
		}
		r.URL.RawQuery = query
		r.Header = http.Header{"Content-Type": {media}, "Authorization": {authorization}}
		w := httptest.NewRecorder()
		rt.ServeHTTP(w, r)

		answer := w.Body.String()
		object, status := answer, w.Code
		if call, ok := strings.CutPrefix(answer, "/**/"); ok {
			var cb string
			cb, object, _ = strings.Cut(call, "(")
			object, ok = strings.CutSuffix(object, ");")
			if !wire.ValidCallback(cb) || !ok || status != http.StatusOK {
				t.Fatalf("%d %q", status, answer)
			}
		}
		var a struct {
			OK           *bool
			Code, Socket string
		}
		if err := json.Unmarshal([]byte(object), &a); err != nil || a.OK == nil {
			t.Fatalf("%q: %v", answer, err)
		}
		if *a.OK != (a.Socket != "") || *a.OK != (len(b.requests) > 0) || *a.OK == (a.Code != "") {
			t.Errorf("%q", answer)
		}
		if want := wire.ErrorCode(a.Code).Status(); a.Code != "" && (want >= 500 || object == answer && status != want) {
			t.Errorf("%d %q", status, answer)
		}
		if got := w.Header().Get("Content-Length"); got != strconv.Itoa(len(answer)) {
			t.Errorf("Content-Length %s: %q", got, answer)
		}
		for _, request := range b.requests {
			u, err := wire.ParseTarget(request.Target)
			if err != nil || u.String() != request.Target {
				t.Errorf("target %q: %v", request.Target, err)
			}
			for i, name := range request.Protocols {
				if name == "" || strings.ContainsAny(name, ", \t\r\n\"/") || slices.Contains(request.Protocols[:i], name) {
					t.Errorf("protocols %q", request.Protocols)
				}
			}
		}
	})
}
