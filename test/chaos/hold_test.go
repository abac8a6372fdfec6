package chaos

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
)

// A response arrives once it is complete, however it is framed, and the connection goes on where it may.
func TestHold(t *testing.T) {
	var complete atomic.Bool
	server := serving(func(w http.ResponseWriter, r *http.Request) {
		complete.Store(false)
		switch r.URL.Path {
		case "/length":
			w.Header().Set("Content-Length", "6")
		case "/end":
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\none")
			complete.Store(true)
			_, _ = io.WriteString(c, "two")
			c.Close()
			return
		}
		_, _ = io.WriteString(w, "one")
		_ = http.NewResponseController(w).Flush() // the test says it
		complete.Store(true)
		_, _ = io.WriteString(w, "two")
	})
	p := before(t, server, Hold{})
	c := dial(t, p)
	for _, path := range []string{"/length", "/chunked", "/length", "/end"} {
		c.send("GET " + path + " HTTP/1.1\nHost: x\n\n")
		if _, err := c.r.Peek(1); err != nil {
			t.Fatal(path, err)
		}
		if !complete.Load() {
			t.Errorf("%s: the response begins before it is complete", path)
		}
		c.is("GET", "onetwo")
	}
	if _, err := c.r.ReadByte(); err != io.EOF {
		t.Errorf("after a response that ends with its connection: %v", err)
	}
}

// What has no body is not waited for, whatever its headers say.
func TestHoldNoBody(t *testing.T) {
	p := before(t, serving(func(w http.ResponseWriter, r *http.Request) {
		var status int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
		if status == 200 {
			w.Header().Set("Content-Length", "1000")
		}
		w.WriteHeader(status)
	}), Hold{})
	c := dial(t, p)
	for _, path := range []string{"/204", "/304", "/200"} {
		c.send("HEAD " + path + " HTTP/1.1\nHost: x\n\n")
		if got := c.response("HEAD"); got.Status[:3] != path[1:] {
			t.Errorf("%s got %s", path, got.Status)
		}
	}
}

// A response that never ends never arrives, and a client that gives up is gone for the server too.
func TestHoldStream(t *testing.T) {
	begun, gone := make(chan bool), make(chan bool)
	p := before(t, serving(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first")
		_ = http.NewResponseController(w).Flush() // the test says it
		close(begun)
		<-r.Context().Done()
		close(gone)
	}), Hold{})
	c := dial(t, p)
	c.send("GET / HTTP/1.1\nHost: x\n\n")
	<-begun
	c.Close()
	<-gone
}

// A body that is still on its way does not hold up what is answered before its end.
func TestAnsweredEarly(t *testing.T) {
	p := before(t, serving(func(w http.ResponseWriter, r *http.Request) {
		controller := http.NewResponseController(w)
		if err := controller.EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		_, _ = io.ReadFull(r.Body, make([]byte, 3))
		w.Header().Set("Content-Length", "6")
		_, _ = io.WriteString(w, "answer")
		_ = controller.Flush() // the test says it
		rest, err := io.ReadAll(r.Body)
		if string(rest) != "rest" || err != nil {
			t.Errorf("the rest is %q %v", rest, err)
		}
	}), Hold{})
	c := dial(t, p)
	c.send("POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n3\none\n")
	c.is("POST", "answer")
	c.send("4\nrest\n0\nTrailer: x\n\n")
	c.send("POST / HTTP/1.1\nHost: x\nContent-Length: 7\n\nonerest")
	c.is("POST", "answer")
}
