package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/polysocket/polysocket/server"
)

// planted is what a client writes wherever it can. It passes for a method, a token and a
// host, so that it gets as far as it may.
const planted = "PLANTED"

// No error repeats what the client has written: not where it may be read as a script, as
// a page, or in a log. Every answer says who may load it, and none has a cookie.
func TestErrorsRepeatNothing(t *testing.T) {
	_, base := serve(t, server.Options{AnyTarget: true, RequestsPerAddress: 100})
	ask := func(method, path, contentType, body string, header ...string) {
		t.Helper()
		r, err := http.NewRequest(method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Cookie", "session="+planted)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		if host := r.Header.Get("Host"); host != "" {
			r.Host = host
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		p, _ := io.ReadAll(answer.Body)
		got := string(p)
		if _, after, ok := strings.Cut(got, `,"sockets":`); ok { // which names those that were asked for, as JSON
			got = after[:0]
		}
		if strings.Contains(strings.ToUpper(got), planted) {
			t.Errorf("%s %.120s %.60q: it repeats what was sent: %s", method, path, body, p)
		}
		if answer.StatusCode < 400 && !strings.Contains(got, `"ok":false`) && !strings.HasPrefix(path, "/m") && !strings.HasPrefix(path, "/relay?host=") {
			t.Errorf("%s %.120s: it is no error: %d %s", method, path, answer.StatusCode, p)
		}
		h := answer.Header
		if h.Get("Cross-Origin-Resource-Policy") == "" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") == "" {
			t.Errorf("%s %.120s: %v", method, path, h)
		}
		if h.Get("Set-Cookie") != "" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s %.120s: cookies count: %v", method, path, h)
		}
		for name, values := range h {
			if name != "Access-Control-Allow-Origin" && strings.Contains(strings.ToUpper(strings.Join(values, " ")), planted) {
				t.Errorf("%s %.120s: the header %s repeats what was sent: %q", method, path, name, values)
			}
		}
	}

	var object, pairs []string
	for _, name := range []string{"cb", "from", "target", "token", "protocols", "nonce", "host", "status", "t", "d", "n", "m", "a", "code", "reason", "ttl", "max", "hb", "s", "stream"} {
		for _, value := range []string{planted, "%" + planted, planted + "%zz", "ws://" + planted + ":" + planted, "ws://" + planted + "\x00", "ws://%" + planted, "ws://[" + planted + "]/", planted + ","} {
			query := name + "=" + url.QueryEscape(value)
			raw := name + "=" + value
			if name == "cb" && value == planted {
				continue // a callback is what it is for
			}
			for _, path := range []string{"/create", "/relay", "/s/none", "/j/none", "/x/none", "/e/none", "/m"} {
				ask("GET", path+"?"+query, "", "")
				ask("POST", path+"?from=x", "application/x-www-form-urlencoded", raw)
				if path == "/create" {
					ask("GET", path+"?from=x&target=ws://127.0.0.1:1&"+strings.ReplaceAll(query, "target", "from"), "", "")
				}
			}
		}
		if pairs = append(pairs, name+"="+planted); name != "cb" {
			object = append(object, fmt.Sprintf("%q:%q", name, planted))
		}
	}
	ask("POST", "/create", "application/json", "{"+strings.Join(object, ",")+"}")
	ask("POST", "/create", "application/json", `{"`+planted+`":`+planted+"}")
	ask("POST", "/create", planted+"/"+planted, planted)
	ask("POST", "/s/none?"+strings.Join(pairs[8:], "&"), "text/plain", planted)
	ask(planted, "/create", "", "")
	ask(planted, "/j/"+planted, "", "")
	ask("GET", "/"+planted, "", "")
	ask("GET", "/j/"+planted, "", "")
	ask("GET", "/j/none", "", "", "Host", planted+".example")
	ask("GET", "/e/none", "", "", "Last-Event-ID", planted)
	ask("GET", "/create", "", "", "Authorization", "Bearer "+planted, "Origin", "https://"+planted+".example", "Referer", planted, "User-Agent", planted)
	ask("GET", "/create?from=x&target=ws://127.0.0.1:1", "", "", "Origin", planted)

	// And those of a socket that is there.
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			t.Errorf("the target got the caller's cookie: %q", r.Header.Get("Cookie"))
		}
		if c, err := websocket.Accept(w, r, nil); err == nil {
			defer c.CloseNow()
			_, _, _ = c.Read(t.Context())
		}
	}))
	defer target.Close()
	r, _ := http.NewRequest(http.MethodGet, base+"/create?from=x&target="+strings.Replace(target.URL, "http", "ws", 1), nil)
	r.Header.Set("Cookie", "session="+planted)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var created struct{ Socket string }
	if err := json.NewDecoder(answer.Body).Decode(&created); err != nil || created.Socket == "" {
		t.Fatal(err)
	}
	for _, query := range []string{"t=" + planted, "t=b&d=" + planted + "!", "t=c&code=" + planted, "t=c&code=999&reason=" + planted, "t=t&n=" + planted, "a=" + planted, "t=f&d=" + planted, "t=t&m=" + planted, "t=t&status=" + planted} {
		ask("POST", "/s/"+created.Socket+"?"+query, "application/x-www-form-urlencoded", "")
		ask("POST", "/s/"+created.Socket+"?"+query, "text/plain", "")
	}
	ask("POST", "/s/"+created.Socket+"?t=f", "", planted)
	ask("GET", "/s/"+created.Socket, "", "")
	ask("GET", "/j/"+created.Socket+"?a="+planted, "", "")
}
