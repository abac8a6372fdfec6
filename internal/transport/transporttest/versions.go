package transporttest

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// A dialer serves the handler, and gives a client for it that speaks one version
// of HTTP.
type dialer func(t *testing.T, h http.Handler) (base string, c *http.Client, http10 bool)

var versions = []struct {
	name string
	dial dialer
}{
	{"HTTP_1.0", func(t *testing.T, h http.Handler) (string, *http.Client, bool) {
		s := serve(t, h, false)
		return s.URL, &http.Client{Transport: http10{}}, true
	}},
	{"HTTP_1.1", func(t *testing.T, h http.Handler) (string, *http.Client, bool) {
		s := serve(t, h, false)
		return s.URL, s.Client(), false
	}},
	{"HTTP_2", func(t *testing.T, h http.Handler) (string, *http.Client, bool) {
		s := serve(t, h, true)
		return s.URL, s.Client(), false
	}},
}

// serve serves the handler behind the manners of every endpoint; over HTTP/2 with
// TLS.
func serve(t *testing.T, h http.Handler, http2 bool) *httptest.Server {
	h = endpoint.Polite(func(string) bool { return true }, h)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if http2 && r.ProtoMajor != 2 {
			t.Errorf("a request came by %s", r.Proto)
		}
		h.ServeHTTP(w, r)
	}))
	s.EnableHTTP2 = http2
	if http2 {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// http10 is an http.RoundTripper that speaks HTTP/1.0, one request a connection.
type http10 struct{}

func (http10) RoundTrip(r *http.Request) (*http.Response, error) {
	var d net.Dialer
	conn, err := d.DialContext(r.Context(), "tcp", r.URL.Host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(r.Context(), func() { _ = conn.Close() })
	head := r.Method + " " + r.URL.RequestURI() + " HTTP/1.0\r\nHost: " + r.URL.Host + "\r\n"
	for name := range r.Header {
		head += name + ": " + r.Header.Get(name) + "\r\n"
	}
	if _, err := conn.Write([]byte(head + "\r\n")); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		stop()
		_ = conn.Close()
		return nil, err
	}
	resp.Body = closeBoth{resp.Body, conn, stop}
	return resp, nil
}

// closeBoth is a body that takes its connection with it.
type closeBoth struct {
	body interface {
		Read([]byte) (int, error)
		Close() error
	}
	conn net.Conn
	stop func() bool
}

func (c closeBoth) Read(p []byte) (int, error) { return c.body.Read(p) }

func (c closeBoth) Close() error {
	c.stop()
	_ = c.body.Close()
	return c.conn.Close()
}
