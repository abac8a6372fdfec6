package conformance

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"
)

// Server is a server under test: where it is, and what it was configured with, so that the suite knows what to expect
// of it. The zero value of each setting is the protocol's default.
type Server struct {
	URL  string         // its base URL, as http://127.0.0.1:8080
	Addr string         // dialled whatever the host of a URL is; "" dials that host
	CA   *x509.CertPool // whom https trusts
	HTTP string         // the version to speak: "1.0", "1.1", "2", or "h2c", which is 2 without TLS; "" is 1.1

	Wildcard       bool   // it hands out a fresh label before its name
	DeniesLoopback bool   // it may not dial targets on loopback: only create.target_denied can run
	GoodOrigin     string // an origin that it admits; "" is http://localhost:3000
	BadOrigin      string // one that it does not; "" is https://evil.example, unless AnyOrigin
	AnyOrigin      bool   // it admits every origin

	TargetCert *tls.Certificate // a certificate for 127.0.0.1 that it trusts in a wss:// target; nil skips that

	Grace         time.Duration // 30 s
	Hold          time.Duration // how long an answer with n is withheld: 10 s
	TargetTimeout time.Duration // 10 s
	CloseTimeout  time.Duration // 10 s
	MessageLimit  int           // bytes: 16 MiB
	BufferLimit   int           // bytes: 256 KiB

	// Only names the rules to run, where not all are wanted: "up.window", or "up." for all that begin so.
	Only []string
}

func (s Server) withDefaults() Server {
	s.URL = strings.TrimSuffix(s.URL, "/")
	s.HTTP = cmp.Or(s.HTTP, "1.1")
	s.GoodOrigin = cmp.Or(s.GoodOrigin, "http://localhost:3000")
	if !s.AnyOrigin {
		s.BadOrigin = cmp.Or(s.BadOrigin, "https://evil.example")
	}
	s.Grace = cmp.Or(s.Grace, 30*time.Second)
	s.Hold = cmp.Or(s.Hold, 10*time.Second)
	s.TargetTimeout = cmp.Or(s.TargetTimeout, 10*time.Second)
	s.CloseTimeout = cmp.Or(s.CloseTimeout, 10*time.Second)
	s.MessageLimit = cmp.Or(s.MessageLimit, 16<<20)
	s.BufferLimit = cmp.Or(s.BufferLimit, 256<<10)
	return s
}

// http2 says whether the version to speak is HTTP/2, with TLS or without.
func (s Server) http2() bool { return s.HTTP == "2" || s.HTTP == "h2c" }

func (s Server) wants(rule string) bool {
	return len(s.Only) == 0 || slices.ContainsFunc(s.Only, func(o string) bool {
		return o == rule || strings.HasSuffix(o, ".") && strings.HasPrefix(rule, o)
	})
}

// Run runs the suite against a server: every test that applies to it, each in parallel with the others. Over HTTP/1.0 and
// HTTP/2 it runs those whose rules the version could touch.
func Run(t *testing.T, s Server) {
	s = s.withDefaults()
	for _, r := range rules() {
		if !s.wants(r.name) || s.HTTP != "1.1" && !r.every {
			continue
		}
		t.Run(r.name+"/"+r.what, func(t *testing.T) {
			for _, n := range r.needs {
				if why := n(s); why != "" {
					t.Skip(why)
				}
			}
			t.Parallel()
			r.test(newT(t, s))
		})
	}
}
