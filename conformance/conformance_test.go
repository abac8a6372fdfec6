package conformance

import (
	"testing"
	"time"
)

const (
	limit = 1 << 20
	named = "tom.example.com"
)

// TestServer runs the suite against one server of each configuration that a rule needs. Tests with one that is wanted
// long, and those with one that is wanted short, find the one that suits them.
func TestServer(t *testing.T) {
	if *base != "" {
		Run(t, Server{URL: *base})
		return
	}
	certs := newCertificates(t)
	trust := []string{"--target-ca", certs.ca}
	for name, f := range map[string]func(*testing.T){
		// Long settings: what is withheld stays so while a test looks.
		"plain": func(t *testing.T) {
			p := start(t, append(trust, "--message-limit", "1MiB")...)
			s := p.server("", Server{MessageLimit: limit, TargetCert: certs.target})
			runAs(t, "HTTP1.1", s)
			s.HTTP = "1.0"
			runAs(t, "HTTP1.0", s)
			s.HTTP = "h2c"
			runAs(t, "h2c", s)
		},
		"short": func(t *testing.T) {
			p := start(t, "--grace", "3s", "--hold", "1s", "--target-timeout", "4s", "--close-timeout", "1s", "--buffer-limit", "64KiB")
			Run(t, p.server("", Server{
				Grace: 3 * time.Second, Hold: time.Second, TargetTimeout: 4 * time.Second, CloseTimeout: time.Second,
				BufferLimit: 64 << 10,
				Only:        []string{"bound.grace", "bound.close", "up.answer", "create.target_timeout", "end.kept"},
			}))
		},
		"TLS": func(t *testing.T) {
			p := start(t, "--tls-cert", certs.cert, "--tls-key", certs.key, "--host", named, "--wildcard", "--message-limit", "1MiB")
			s := p.server(named, Server{CA: certs.pool, Wildcard: true, MessageLimit: limit, HTTP: "2"})
			runAs(t, "HTTP2", s)
			s.HTTP, s.Only = "1.1", []string{
				"names.", "relay.", "any.", "create.answer", "up.number", "send.201", "send.frames", "end.", "stream.", "x.", "e.", "m.",
			}
			runAs(t, "HTTP1.1", s)
		},
		"wildcard": func(t *testing.T) {
			p := start(t, "--host", named, "--wildcard", "--message-limit", "1MiB", "--buffer-limit", "64KiB")
			Run(t, p.server(named, Server{
				Wildcard: true, MessageLimit: limit, BufferLimit: 64 << 10,
				Only: []string{"names.", "relay.", "any.host", "create.answer", "create.nonce", "who.bound", "bound.down", "bound.message"},
			}))
		},
		"named": func(t *testing.T) {
			p := start(t, "--host", named)
			Run(t, p.server(named, Server{GoodOrigin: "https://" + named + ":8443", Only: []string{"names.", "relay.", "any.host", "create.answer", "who.origin", "who.bound"}}))
		},
		"any origin": func(t *testing.T) {
			p := start(t, "--origin", "*")
			Run(t, p.server("", Server{AnyOrigin: true, Only: []string{"who.", "create.cb", "create.jsonp", "create.handshake", "create.nonce"}}))
		},
		"other origins": func(t *testing.T) {
			p := start(t, "--origin", "https://*.example.com", "--origin", "https://one.example:8443")
			s := p.server("", Server{
				GoodOrigin: "https://www.example.com", BadOrigin: "http://www.example.com",
				Only: []string{"who.", "create.cb", "create.origin_denied", "create.bad_request"},
			})
			runAs(t, "pattern", s)
			s.GoodOrigin, s.BadOrigin = "https://one.example:8443", "https://one.example"
			runAs(t, "exact", s)
		},
		"public targets": func(t *testing.T) {
			p := start(t, "--listen", "0.0.0.0:0", "--open")
			Run(t, p.server("", Server{DeniesLoopback: true, Only: []string{"create.target_denied"}}))
		},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); f(t) })
	}
}

// runAs is Run as a part of its own, beside others of the same server.
func runAs(t *testing.T, name string, s Server) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		Run(t, s)
	})
}
