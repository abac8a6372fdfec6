package config

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
	"time"
)

// tls reads the files that tls: names.
func (r *reading) tls() {
	c := &r.config.TLS
	cert, hasCert := r.from["tls.cert"]
	key, hasKey := r.from["tls.key"]
	switch {
	case slices.Contains(r.bad, "tls.cert") || slices.Contains(r.bad, "tls.key"):
	case hasCert && !hasKey:
		r.fault(cert, "tls.cert and tls.key go together: tls.key is missing")
	case hasKey && !hasCert:
		r.fault(key, "tls.cert and tls.key go together: tls.cert is missing")
	case hasCert:
		r.certificate(cert, key)
	}
	if ca, ok := r.from["tls.target_ca"]; ok && !slices.Contains(r.bad, "tls.target_ca") {
		switch pem, err := r.ReadFile(c.TargetCA); {
		case err != nil:
			r.fault(ca, "it cannot be read: "+err.Error())
		case !x509.NewCertPool().AppendCertsFromPEM(pem):
			r.fault(ca, c.TargetCA+" holds no certificate in PEM")
		default:
			c.CAs = pem
		}
	}
}

func (r *reading) certificate(cert, key setting) {
	c := &r.config.TLS
	certPEM, err := r.ReadFile(c.Cert)
	if err != nil {
		r.fault(cert, "it cannot be read: "+err.Error())
	}
	keyPEM, keyErr := r.ReadFile(c.Key)
	if keyErr != nil {
		r.fault(key, "it cannot be read: "+keyErr.Error())
	}
	if err != nil || keyErr != nil {
		return
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	switch {
	case err != nil:
		r.fault(cert, c.Cert+" and "+c.Key+" are no certificate and its key: "+err.Error())
	case r.Now.After(pair.Leaf.NotAfter):
		r.fault(cert, "the certificate in "+c.Cert+" ended on "+pair.Leaf.NotAfter.Format(time.RFC3339))
	case r.Now.Before(pair.Leaf.NotBefore):
		r.fault(cert, "the certificate in "+c.Cert+" begins on "+pair.Leaf.NotBefore.Format(time.RFC3339))
	default:
		c.Certificate = &pair
		r.covers(cert, pair.Leaf)
	}
}

// covers notes the names that clients are given, or use, and that the certificate is
// not for. It is no fault: it may be a proxy in front that has theirs.
func (r *reading) covers(cert setting, leaf *x509.Certificate) {
	var names []string
	if host := r.config.Relay.Host; r.Role != RoleRouter && host != "" {
		names = append(names, bare(host))
		if r.config.Relay.Wildcard {
			names = append(names, "*."+bare(host))
		}
	}
	if r.Role != RoleRelay {
		names = append(names, r.config.Router.Host...)
	}
	for _, name := range names {
		if leaf.VerifyHostname(strings.Replace(name, "*.", "label.", 1)) != nil {
			r.config.Notes = append(r.config.Notes, Fault{
				Where: cert.where, Key: "tls.cert", line: cert.line,
				What: "the certificate in " + r.config.TLS.Cert + " is not for " + name + ": clients that come by this name will refuse it",
			})
		}
	}
}

// sameFile tells whether what a key's file held is the same in both.
func sameFile(path string, a, b *Config) bool {
	switch path {
	case "tls.cert":
		return slices.EqualFunc(chain(a), chain(b), bytes.Equal)
	case "tls.target_ca":
		return bytes.Equal(a.TLS.CAs, b.TLS.CAs)
	}
	return true
}

func chain(c *Config) [][]byte {
	if c.TLS.Certificate == nil {
		return nil
	}
	return c.TLS.Certificate.Certificate
}
