package upstream_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/internal/wire"
)

// secureEcho is a target that speaks TLS, with a CA of its own.
func secureEcho(t *testing.T, config *tls.Config) *httptest.Server {
	s := httptest.NewUnstartedServer(echo(nil))
	s.TLS = config
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestSecure(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s := secureEcho(t, &tls.Config{MinVersion: version, MaxVersion: version})
		d := dialer()
		d.RootCAs = x509.NewCertPool()
		d.RootCAs.AddCert(s.Certificate())
		c, r := dial(t, d, target(t, "wss://"+s.Listener.Addr().String())), record(t)
		c.Start(r)
		big := strings.Repeat("wss ", 1<<18)
		for _, text := range []string{"a", big} {
			if _, err := c.Send(wire.Text, []byte(text), false); err != nil {
				t.Fatal(err)
			}
			if got := receive(t, r.messages); string(got.Data) != text {
				t.Errorf("got %d bytes", len(got.Data))
			}
			r.next()
		}
		c.Close(wire.CloseNormal, nil)
		r.expect("closed 1000")
	}
}

func TestSecureUntrusted(t *testing.T) {
	trusting := func(s *httptest.Server) *x509.CertPool {
		pool := x509.NewCertPool()
		pool.AddCert(s.Certificate())
		return pool
	}
	s := secureEcho(t, nil)
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	_, port, _ := strings.Cut(s.Listener.Addr().String(), ":")

	for _, test := range []struct {
		name, target string
		roots        *x509.CertPool
		want         string
	}{
		{"no CA", "wss://127.0.0.1:" + port, x509.NewCertPool(), "the target's certificate is signed by nobody who is trusted"},
		{"another name", "wss://localhost:" + port, trusting(s), "the target's certificate is for another name"},
		{"no TLS", "wss" + strings.TrimPrefix(plain.URL, "http"), nil, "the target does not speak TLS: its URL may have to begin with ws://"},
		{"old TLS", "wss://" + secureEcho(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}).Listener.Addr().String(), nil,
			"the TLS handshake with the target failed"},
		{"hangs up", "wss://" + rude(t, func(*peer) {}).Host, nil, "the TLS handshake with the target failed"},
	} {
		d := dialer()
		d.RootCAs = test.roots
		_, err := d.Dial(context.Background(), upstream.Request{Target: target(t, test.target)})
		var e *wire.Error
		if !errors.As(err, &e) || e.Code != wire.TargetUnreachable || e.Message != test.want {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

// echo is a WebSocket server of another make, which sends back what comes.
func echo(options *websocket.AcceptOptions) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, options)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.SetReadLimit(64 << 20)
		for {
			kind, data, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			if err := conn.Write(r.Context(), kind, data); err != nil {
				return
			}
		}
	})
}
