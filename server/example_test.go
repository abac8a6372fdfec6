package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/coder/websocket"

	"github.com/polysocket/polysocket/server"
)

// A client that has nothing but HTTP talks to a WebSocket server.
func Example() {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			kind, data, err := c.Read(r.Context())
			if err != nil {
				return
			}
			_ = c.Write(r.Context(), kind, append([]byte("echo of "), data...))
		}
	}))
	defer target.Close()

	s, err := server.New(server.Options{AnyTarget: true}) // the target is on this machine
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	relay := httptest.NewServer(s)
	defer relay.Close()

	created := get(relay.URL + "/create?from=example&target=" + url.QueryEscape("ws"+strings.TrimPrefix(target.URL, "http")))
	var socket struct{ Socket string }
	if err := json.Unmarshal([]byte(created), &socket); err != nil {
		fmt.Println(err, created)
		return
	}
	fmt.Println(post(relay.URL+"/s/"+socket.Socket+"?t=t&n=1", "hello"))
	fmt.Println(get(relay.URL + "/j/" + socket.Socket + "?a=0"))
	fmt.Println(post(relay.URL+"/s/"+socket.Socket+"?t=c&code=1000&n=2", ""))
	fmt.Println(get(relay.URL + "/j/" + socket.Socket + "?a=1"))
	// Output:
	// {"ok":true,"n":1}
	// {"ok":true,"seq":1,"messages":[{"type":"text","data":"echo of hello"}]}
	// {"ok":true,"n":2}
	// {"ok":true,"seq":2,"messages":[{"type":"close","code":1000,"reason":"","wasClean":true}]}
}

func get(url string) string { return body(http.Get(url)) }

func post(url, data string) string { return body(http.Post(url, "", strings.NewReader(data))) }

func body(resp *http.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
