package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/transport"
	"github.com/polysocket/polysocket/internal/wire"
)

// FuzzRead: whatever is asked of an endpoint that reads, there is one answer, of the
// form that the endpoint has, and it ends where the socket has ended.
func FuzzRead(f *testing.F) {
	f.Add("/j/id", "GET", "a=0&ttl=0&max=1", "", []byte(nil), "")
	f.Add("/j/id", "GET", "cb=f&status=200&a=1", "", []byte(nil), "")
	f.Add("/x/id", "GET", "a=0&hb=1000&max=1", "", []byte(nil), "1")
	f.Add("/e/id", "GET", "hb=1", "", []byte(nil), "1")
	f.Add("/m", "POST", "", endpoint.Form, []byte("s=id:0,other:1&stream=1"), "")
	f.Add("/m", "GET", "s=id&cb=f&ttl=1", "", []byte(nil), "")
	f.Fuzz(func(t *testing.T, path, method, query, media string, body []byte, last string) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, method, "http://relay.example/", bytes.NewReader(body))
		if err != nil || !transport.Serves(path) {
			t.Skip("no request, or another's")
		}
		r.URL = &url.URL{Scheme: "http", Host: "relay.example", Path: path, RawQuery: query}
		r.Header.Set("Content-Type", media)
		if last != "" {
			r.Header.Set("Last-Event-ID", last)
		}
		config := session.Config{MessageLimit: limit, Hold: time.Millisecond}.WithDefaults()
		s := session.New("id", &target{}, &config, func() {})
		h := transport.New(one{s}, limit)
		defer h.Close()
		defer s.Drop()
		s.OnMessage(wire.Frame{Kind: wire.Text, Data: []byte("a")})
		s.OnClosed(wire.CloseNormal, []byte("b"))

		w := httptest.NewRecorder()
		answerBy(h, w, r)
		if ctx.Err() != nil {
			t.Fatalf("%s %s?%s has no end", method, path, query)
		}
		checkRead(t, w)
	})
}

// checkRead holds an answer to the form that its Content-Type names.
func checkRead(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	body := w.Body.Bytes()
	switch media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); media {
	case "":
		if len(body) > 0 {
			t.Errorf("%d: %q of no type", w.Code, body)
		}
	case "application/javascript":
		call, ok := strings.CutPrefix(string(body), "/**/")
		cb, object, _ := strings.Cut(call, "(")
		object, closed := strings.CutSuffix(object, ");")
		if !ok || !closed || !wire.ValidCallback(cb) || !json.Valid([]byte(object)) {
			t.Errorf("%d: %q is no JSONP", w.Code, body)
		}
	case "application/json":
		var answer struct{ OK *bool }
		if err := json.Unmarshal(body, &answer); err != nil || answer.OK == nil {
			t.Errorf("%d: %q: %v", w.Code, body, err)
		}
	case "application/x-ndjson":
		for line := range strings.Lines(string(body)) {
			if line = strings.TrimSpace(line); line != "" && !json.Valid([]byte(line)) {
				t.Errorf("%q is no JSON", line)
			}
		}
	case "text/event-stream":
		for line := range strings.Lines(string(body)) {
			if field, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":"); field != "" && field != "id" && field != "data" && field != "retry" {
				t.Errorf("%q is no line of an event", line)
			}
		}
	case "application/octet-stream":
		for in := bytes.NewReader(body); in.Len() > 0; {
			header, err := ws.ReadHeader(in)
			if err != nil || header.Masked || header.Rsv != 0 || header.Length > int64(in.Len()) {
				t.Fatalf("%d: %q: %+v, %v", w.Code, body, header, err)
			}
			in.Seek(header.Length, io.SeekCurrent)
		}
	default:
		t.Errorf("%d of %s: %q", w.Code, media, body)
	}
}
