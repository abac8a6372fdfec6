package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
)

// A certificate is the one that is served, and may be swapped while it is. The zero
// value, and nil, is none.
type certificate struct {
	atomic.Pointer[tls.Certificate]
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.Load(), nil }

// certificate is the one to serve, or nil for http.
func (d *dev) certificate() (*certificate, error) {
	if d.TLSCert == "" && d.TLSKey == "" {
		return nil, nil
	}
	if d.TLSCert == "" || d.TLSKey == "" {
		return nil, errors.New("--tls-cert and --tls-key go together: give both")
	}
	pair, err := tls.LoadX509KeyPair(d.TLSCert, d.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	return served(&pair), nil
}

// served is a certificate that is served, or nil for http.
func served(pair *tls.Certificate) *certificate {
	if pair == nil {
		return nil
	}
	c := new(certificate)
	c.Store(pair)
	return c
}

// targetCAs are the system's and that of --target-ca, or nil for the system's.
func (d *dev) targetCAs() (*x509.CertPool, error) {
	if d.TargetCA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(d.TargetCA)
	if err != nil {
		return nil, fmt.Errorf("--target-ca: %w", err)
	}
	pool, ok := poolWith(pem)
	if !ok {
		return nil, fmt.Errorf("--target-ca %s holds no certificate in PEM", d.TargetCA)
	}
	return pool, nil
}

// poolWith are the system's CAs and those of pem, where it holds any; nil for the
// system's alone, where there is no pem.
func poolWith(pem []byte) (pool *x509.CertPool, ok bool) {
	if pem == nil {
		return nil, true
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	return pool, pool.AppendCertsFromPEM(pem)
}
