package transport_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/transport"
	"github.com/polysocket/polysocket/internal/wire"
)

const limit = 1 << 10 // bytes of a message here

// A target notes what it is sent.
type target struct {
	full bool // it does not keep up

	mu  sync.Mutex
	got []string
}

func (u *target) note(s string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.got = append(u.got, s)
}

func (u *target) Send(kind wire.Kind, data []byte, more bool) (bool, error) {
	u.note(fmt.Sprintf("%c %s%s", kind, data, map[bool]string{true: "…"}[more]))
	return u.full, nil
}

func (u *target) Close(code wire.CloseCode, reason []byte) (bool, error) {
	u.note(fmt.Sprintf("close %d %s", code, reason))
	return false, nil
}

func (*target) Pause()  {}
func (*target) Resume() {}

// one is a table of one socket, named id.
type one struct{ *session.Session }

func (o one) Enter(id, _ string) (*session.Session, string, bool) {
	if id != "id" {
		return nil, "", false
	}
	return o.Session, "", o.Session.Enter()
}

func (one) Bound(string) string { return "" }

func socket(t testing.TB) (http.Handler, *target) {
	u := &target{}
	// What is numbered ahead is answered soon.
	config := session.Config{MessageLimit: limit, Hold: time.Millisecond}.WithDefaults()
	s := session.New("id", u, &config, func() {})
	h := transport.New(one{s}, limit)
	t.Cleanup(h.Close)
	t.Cleanup(s.Drop)
	return h, u
}

func ask(h http.Handler, method, url, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://relay.example"+url, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestSend(t *testing.T) {
	long := strings.Repeat("x", limit+1)
	for _, test := range []struct {
		name, method, query, contentType, body string
		status                                 int
		want                                   string // a part of the body
		got                                    []string
	}{
		{"JSONP", "GET", "cb=f&t=t&d=a%20b+c;d", "", "", 201, `/**/f({"ok":true});`, []string{"t a b c;d"}},
		{"JSONP with status=200", "GET", "cb=f&t=t&d=x&n=1&status=200", "", "", 200, `/**/f({"ok":true,"status":201,"n":1});`, []string{"t x"}},
		{"a failure with status=200", "GET", "cb=f&t=t&status=200", "", "", 200, `"status":400`, nil},
		{"a GET without cb", "GET", "t=t&d=x", "", "", 400, "cb", nil},
		{"a form", "POST", "", endpoint.Form, "t=b&d=aGk", 201, `{"ok":true}`, []string{"b hi"}},
		{"a form with a charset", "POST", "t=t", endpoint.Form + ";charset=UTF-8", "d=x", 201, "", []string{"t x"}},
		{"a form that is JSONP", "POST", "", endpoint.Form, "t=t&d=x&cb=f", 201, `/**/f(`, []string{"t x"}},
		{"a parameter in query and form", "POST", "t=t", endpoint.Form, "t=t&d=x", 400, "t is given twice", nil},
		{"a form without d", "POST", "t=t", endpoint.Form, "hello", 400, "Content-Type", nil},
		{"raw text", "POST", "t=t", "", "hello", 201, "", []string{"t hello"}},
		{"raw bytes of another type", "POST", "t=b", "application/octet-stream", "\xff", 201, "", []string{"b \xff"}},
		{"raw and empty", "POST", "t=t", "", "", 201, "", []string{"t "}},
		{"d in the query of a POST without a body", "POST", "t=t&d=x", "", "", 201, "", []string{"t x"}},
		{"d and a body", "POST", "t=t&d=x", "", "y", 400, "the body is the data", nil},
		{"a part", "POST", "t=t&m=1", "", "x", 201, "", []string{"t x…"}},
		{"m of another value", "POST", "t=t&m=2", "", "x", 400, "m is", nil},
		{"frames", "POST", "t=f", "", "\x81\x01a\x82\x01b\x88\x02\x03\xe8", 201, "", []string{"t a", "b b", "close 1000 "}},
		{"frames in a form", "POST", "t=f", endpoint.Form, "d=x", 400, "raw body", nil},
		{"frames with m", "POST", "t=f&m=1", "", "\x81\x01a", 400, "m does not go", nil},
		{"frames with d", "POST", "t=f&d=x", "", "\x81\x01a", 400, "d does not go", nil},
		{"a broken run", "POST", "t=f", "", "\x81\x02a", 400, "cut off", nil},
		{"a message in the run that is too large", "POST", "t=f", "", "\x82\x7e\x04\x01" + long, 413, "too_large", nil},
		{"very many messages in a run", "POST", "t=f&n=1", "", strings.Repeat("\x82\x00", 1000), 201, `"n":1000`, slices.Repeat([]string{"b "}, 1000)},
		{"a fault behind good messages", "POST", "t=f&n=1", "", "\x81\x01a\x81\x01b\x83\x00\x81\x01c", 400, "reserved opcode", []string{"t a", "t b"}},
		{"a run that is cut off", "POST", "t=f", "", "\x81\x01a\x81\x05hell", 400, "cut off", []string{"t a"}},
		{"an overlong one behind a good one", "POST", "t=f", "", "\x81\x01a\x82\x7e\xff\xff", 413, "over the limit", []string{"t a"}},
		{"a message that is too large", "POST", "t=t", "", long, 413, "too_large", nil},
		{"a close", "POST", "t=c&code=4000&reason=b%C3%BC", "", "", 201, "", []string{"close 4000 bü"}},
		{"a close without a code", "POST", "t=c", "", "", 201, "", []string{"close 1005 "}},
		{"a close with a body", "POST", "t=c", "", "x", 400, "no data", nil},
		{"a close with d", "POST", "t=c&d=", "", "", 400, "no data", nil},
		{"a close with m", "POST", "t=c&m=1", "", "", 400, "m does not go", nil},
		{"a close with 1005", "POST", "t=c&code=1005", "", "", 400, "1005", nil},
		{"a close with a code beyond 16 bits", "POST", "t=c&code=66536", "", "", 400, "66536", nil},
		{"a reason without a code", "POST", "t=c&reason=x", "", "", 400, "needs a code", nil},
		{"no t", "POST", "", "", "x", 400, "t is missing", nil},
		{"no t, but a and a body", "POST", "a=0", "", "x", 400, "t is missing", nil},
		{"an acknowledgement", "POST", "a=0", "", "", 201, `{"ok":true}`, nil},
		{"an acknowledgement of what was not sent", "POST", "a=1", "", "", 400, "a=1", nil},
		{"another t", "POST", "t=x", "", "x", 400, `nothing else`, nil},
		{"a code that is none, beside data", "POST", "t=t&code=abc", "", "x", 400, "code is not", nil},
		{"an acknowledgement with a number", "POST", "a=0&n=5", "", "", 201, `{"ok":true}`, nil},
		{"number 0", "POST", "t=t&n=0", "", "x", 400, "numbered from 1", nil},
		{"no number", "POST", "t=t&n=one", "", "x", 400, "decimal digits", nil},
		{"outside the window", "POST", "t=t&n=65", "", "x", 409, "out_of_window", nil},
		{"base64 that is none", "POST", "", endpoint.Form, "t=b&d=!", 400, "base64", nil},
		{"base64 with a bare plus", "POST", "", endpoint.Form, "t=b&d=++++", 400, "%2B", nil},
		{"text that is none", "POST", "t=t", "", "\xff", 400, "UTF-8", nil},
		{"a bad callback", "GET", "cb=f(&t=t&d=x&status=200", "", "", 400, `{"ok":false`, nil},
		{"another method", "PUT", "t=t", "", "x", 405, "method_not_allowed", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, target := socket(t)
			w := ask(h, test.method, "/s/id?"+test.query, test.contentType, test.body)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("%d %s, want %d …%s…", w.Code, w.Body, test.status, test.want)
			}
			if !slices.Equal(target.got, test.got) {
				t.Errorf("the target got %q, want %q", target.got, test.got)
			}
		})
	}
}

// A client that half-closes is taken for gone: it gets no answer, where an empty
// one would be a success.
func TestAbandoned(t *testing.T) {
	h, target := socket(t)
	target.full = true
	server := httptest.NewServer(h)
	defer server.Close()
	for _, request := range []string{"GET /j/id", "POST /s/id?t=t&d=x"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if _, err := fmt.Fprintf(conn, "%s HTTP/1.0\r\n\r\n", request); err != nil {
			t.Fatal(err)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(conn); err != nil || len(got) > 0 {
			t.Errorf("%s: %q, %v", request, got, err)
		}
	}
}

func TestUnknownSocket(t *testing.T) {
	h, _ := socket(t)
	for _, url := range []string{"/s/other?t=t", "/j/id/?ttl=0", "/s/?t=t", "/j/?ttl=0", "/x/other", "/e/other?hb=1"} {
		method := http.MethodPost
		if !strings.HasPrefix(url, "/s") {
			method = http.MethodGet
		}
		if w := ask(h, method, url, "", ""); w.Code != http.StatusForbidden || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %s", url, w.Code, w.Body)
		}
	}
	if w := ask(h, "GET", "/y/id", "", ""); w.Code != http.StatusNotFound {
		t.Errorf("a path that is none: %d %s", w.Code, w.Body)
	}
}

// answerBy answers as net/http would, which takes one panic for a wish: the connection is closed.
func answerBy(h http.Handler, w http.ResponseWriter, r *http.Request) {
	defer func() {
		if e := recover(); e != nil && e != http.ErrAbortHandler {
			panic(e)
		}
	}()
	h.ServeHTTP(w, r)
}

// FuzzSend: whatever is sent, there is one answer, in JSON or JSONP, and it says
// whether something reached the target, but of a run of frames, which may be taken in part.
func FuzzSend(f *testing.F) {
	f.Add("POST", "t=f&n=1", "", []byte("\x81\x01a"))
	f.Add("POST", "a=0&m=1&t=t&n=1", "", []byte("x"))
	f.Add("GET", "cb=f&t=b&d=_-8&status=200", "", []byte(nil))
	f.Add("POST", "", endpoint.Form, []byte("t=c&code=3000&reason=%00"))
	f.Fuzz(func(t *testing.T, method, query, contentType string, body []byte) {
		r, err := http.NewRequest(method, "http://relay.example/s/id", bytes.NewReader(body))
		if err != nil {
			t.Skip(err)
		}
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", contentType)
		h, target := socket(t)
		w := httptest.NewRecorder()
		answerBy(h, w, r)
		if w.Code == http.StatusNoContent {
			return
		}
		object := w.Body.Bytes()
		if w.Header().Get("Content-Type") != "application/json" {
			start, end := bytes.IndexByte(object, '('), bytes.LastIndexByte(object, ')')
			if !bytes.HasPrefix(object, []byte("/**/")) || end < start {
				t.Fatalf("no JSONP: %s", object)
			}
			object = object[start+1 : end]
		}
		var answer struct {
			OK     bool `json:"ok"`
			Status int  `json:"status"`
		}
		if err := json.Unmarshal(object, &answer); err != nil {
			t.Fatalf("%s: %v", object, err)
		}
		if status := max(answer.Status, w.Code); answer.OK != (status == http.StatusCreated) {
			t.Errorf("status %d: %s", status, object)
		}
		// Of a run of frames what stands before a fault is taken.
		frames := r.URL.Query().Get("t") == "f"
		if !answer.OK && !frames && len(target.got) > 0 && !strings.HasPrefix(target.got[0], "close 10") {
			t.Errorf("%s, and the target got %q", object, target.got)
		}
	})
}
