package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// certificate is the one to serve, or nil for http.
func (d *dev) certificate() (*tls.Certificate, error) {
	if d.TLSCert == "" && d.TLSKey == "" {
		return nil, nil
	}
	if d.TLSCert == "" || d.TLSKey == "" {
		return nil, errors.New("--tls-cert and --tls-key go together: give both")
	}
	c, err := tls.LoadX509KeyPair(d.TLSCert, d.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	return &c, nil
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
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--target-ca %s holds no certificate in PEM", d.TargetCA)
	}
	return pool, nil
}
