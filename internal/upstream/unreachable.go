package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"syscall"

	"github.com/polysocket/polysocket/internal/wire"
)

// unreachable puts an error of net.Dialer into a sentence that names no address. A
// clock's error, and Attempt's, stays as it is.
func unreachable(err error) error {
	var said *wire.Error
	switch {
	case errors.As(err, &said):
		return said
	case errors.Is(err, errDenied):
		return denied()
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return wire.Errorf(wire.TargetUnreachable, "the target could not be connected to: nothing listens there")
	}
	return wire.Errorf(wire.TargetUnreachable, "the target could not be connected to")
}

// insecure puts an error of the TLS handshake into a sentence.
func insecure(err error) error {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		why       = "the TLS handshake with the target failed"
	)
	switch {
	case errors.As(err, &authority):
		why = "the target's certificate is signed by nobody who is trusted"
	case errors.As(err, &name):
		why = "the target's certificate is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		why = "the target's certificate has expired or is not yet valid"
	case errors.As(err, &invalid):
		why = "the target's certificate is not valid"
	case errors.As(err, &record):
		why = "the target does not speak TLS: its URL may have to begin with ws://"
	}
	return wire.Errorf(wire.TargetUnreachable, "%s", why)
}
