package conformance

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var hostRules = []rule{
	every("any.host", "421", testMisdirected),
	on("any.host", "none in HTTP/1.0", testNoHost, plain),
	on("any.http10", "end of the body", testEndsWithConnection, plain),
}

func testMisdirected(t *T) {
	s, c := t.pair(target.Options{})
	s.poll("ttl=0").do().is(200) // stops the clock of the first request
	for _, host := range []string{"other.example", "example.com:80", "evil" + t.base.Host, t.base.Hostname() + ".other.example", "192.0.2.1"} {
		t.create("ws://127.0.0.1:1/").claiming(host).do().fails(421, "misdirected")
		t.get("/relay", "host="+s.host).claiming(host).do().fails(421, "misdirected")
		s.form("t=t", "d=x").claiming(host).do().fails(421, "misdirected")
		s.poll("ttl=0").claiming(host).do().fails(421, "misdirected")
		s.stream("x").claiming(host).do().fails(421, "misdirected")
		s.stream("e").claiming(host).do().fails(421, "misdirected")
		s.many(sockets(s.after(0)), "ttl=0").claiming(host).do().fails(421, "misdirected")
		t.get("/s/none", "cb=f", "t=t", "d=x").claiming(host).do().fails(421, "misdirected")
	}
	s.form("t=t", "d=unharmed").do().is(201)
	c.Saw("text unharmed")
}

// testNoHost writes a request by hand, since an HTTP client always sends a Host.
func testNoHost(t *T) {
	s, c := t.pair(target.Options{})
	path := s.path("s") + "?cb=f&t=t&d=hostless"
	resp := t.byHand("GET " + path + " HTTP/1.0\r\n\r\n")
	if resp.StatusCode != 201 {
		t.Errorf("GET %s HTTP/1.0 without Host\n  got: %s, want 201", path, resp.Status)
	}
	c.Saw("text hostless")
	resp = t.byHand("GET " + s.path("x") + "?a=0 HTTP/1.0\r\n\r\n")
	b := make([]byte, 6)
	if _, err := io.ReadFull(resp.Body, b); err != nil || resp.StatusCode != 200 || len(resp.TransferEncoding) > 0 || string(b[:2]) != "\x89\x04" {
		t.Errorf("GET /x HTTP/1.0 without Host\n  got: %s, Transfer-Encoding %q, %q; want a stream without chunks", resp.Status, resp.TransferEncoding, b)
	}
	if resp := t.byHand("GET " + s.path("j") + "?ttl=0 HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"); resp.StatusCode != 421 {
		t.Errorf("GET /j HTTP/1.1 with an empty Host\n  got: %s, want 421", resp.Status)
	}
	if resp := t.byHand("GET " + s.path("j") + "?ttl=0 HTTP/1.1\r\nConnection: close\r\n\r\n"); resp.StatusCode < 400 {
		t.Errorf("GET /j HTTP/1.1 without Host\n  got: %s, want an error: only HTTP/1.0 may leave it out", resp.Status)
	}
}

// byHand sends a request as it is written and returns the answer, its body unread and its connection open until the
// test's end.
func (t *T) byHand(request string) *http.Response {
	t.Helper()
	nc, err := t.dial(t.Context(), t.base.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetReadDeadline(time.Now().Add(patience))
	fmt.Fprint(nc, request)
	resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatalf("%q\n  got: %v", clip(request), err)
	}
	return resp
}

// testEndsWithConnection takes answers over HTTP/1.0 that have a length, or end with the connection, and no chunks.
func testEndsWithConnection(t *T) {
	t = t.over(func(s *Server) { s.HTTP = "1.0" })
	s, c := t.pair(target.Options{})
	big := strings.Repeat("x", 60<<10)
	c.Text(big)
	a := s.poll("a=0").do().has("text " + big)
	if a.proto.ContentLength < 0 && !a.proto.Close {
		t.Errorf("%v\n  neither a length nor an end", a)
	}
	resp := t.byHand(fmt.Sprintf("POST %s?t=t HTTP/1.0\r\nHost: %s\r\nContent-Length: 4\r\n\r\nbody", s.path("s"), s.host))
	if resp.StatusCode != 201 || len(resp.TransferEncoding) > 0 {
		t.Errorf("POST /s HTTP/1.0\n  got: %s %q, want 201 without chunks", resp.Status, resp.TransferEncoding)
	}
	c.Saw("text body")
}
