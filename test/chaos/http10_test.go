package chaos

import (
	"fmt"
	"io"
	"net/http"
	"testing"
)

// The server is spoken to in HTTP/1.0, and the client's connection goes on.
func TestHTTP10(t *testing.T) {
	p := before(t, serving(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, "%s %s %s close=%t upgrade=%q te=%v %d %s", r.Proto, r.Method, r.URL.Path, r.Close, r.Header.Get("Upgrade"), r.TransferEncoding, r.ContentLength, body)
		_ = http.NewResponseController(w).Flush() // the test says it
	}), HTTP10{})
	c := dial(t, p)
	c.gets("/a", `HTTP/1.0 GET /a close=true upgrade="" te=[] 0 `)
	c.send("POST /b HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n3\none\n3\ntwo\n0\n\n")
	c.is("POST", `HTTP/1.0 POST /b close=true upgrade="" te=[] 6 onetwo`)
	c.send("POST /c HTTP/1.1\nHost: x\nContent-Length: 2\n\nxy")
	c.is("POST", `HTTP/1.0 POST /c close=true upgrade="" te=[] 2 xy`)
	c.send(handshake)
	c.is("GET", `HTTP/1.0 GET / close=true upgrade="" te=[] 0 `)
	c.send("GET /d HTTP/1.1\nHost: x\nConnection: close\n\n")
	c.is("GET", `HTTP/1.0 GET /d close=true upgrade="" te=[] 0 `)
	if _, err := c.r.ReadByte(); err != io.EOF {
		t.Errorf("after the last one: %v", err)
	}
}

// A stream passes as it comes, and a client that gives up is gone for the server too.
func TestHTTP10Stream(t *testing.T) {
	first, gone := make(chan bool), make(chan bool)
	p := before(t, serving(func(w http.ResponseWriter, r *http.Request) {
		for _, part := range []string{"one", "two"} {
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush() // the test says it
			<-first
		}
		<-r.Context().Done()
		close(gone)
	}), HTTP10{})
	c := dial(t, p)
	c.send("GET / HTTP/1.1\nHost: x\n\n")
	body := c.response("GET").Body
	for _, want := range []string{"one", "two"} {
		got := make([]byte, 3)
		if _, err := io.ReadFull(body, got); err != nil || string(got) != want {
			t.Fatalf("got %q %v, want %q", got, err, want)
		}
		first <- true
	}
	c.Close()
	<-gone
}
