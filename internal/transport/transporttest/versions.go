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
		s := serve(t, h, 1, false)
		return s.URL, &http.Client{Transport: http10{}}, true
	}},
	{"HTTP_1.1", served(1, false)},
	{"HTTP_1.1_TLS", served(1, true)},
	{"HTTP_2", served(2, true)},
	{"HTTP_2_cleartext", served(2, false)},
}

// served speaks one major version of HTTP.
func served(major int, overTLS bool) dialer {
	return func(t *testing.T, h http.Handler) (string, *http.Client, bool) {
		s := serve(t, h, major, overTLS)
		var versions http.Protocols
		versions.SetHTTP1(major == 1)
		versions.SetHTTP2(major == 2)
		versions.SetUnencryptedHTTP2(major == 2)
		transport := &http.Transport{Protocols: &versions}
		if overTLS {
			transport.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
			transport.TLSClientConfig.NextProtos = nil
		}
		t.Cleanup(transport.CloseIdleConnections)
		return s.URL, &http.Client{Transport: transport}, false
	}
}

// serve serves the handler behind the manners of every endpoint.
func serve(t *testing.T, h http.Handler, major int, overTLS bool) *httptest.Server {
	h = endpoint.Polite(func(string) bool { return true }, h)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != major {
			t.Errorf("a request came by %s", r.Proto)
		}
		h.ServeHTTP(w, r)
	}))
	s.Config.Protocols = endpoint.NewServer(nil).Protocols
	s.EnableHTTP2 = true
	if overTLS {
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
