package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/polysocket/polysocket/internal/outbox"
	"github.com/polysocket/polysocket/internal/wire"
)

// The defaults of a Dialer.
const (
	defaultTimeout      = 10 * time.Second
	defaultCloseTimeout = 10 * time.Second
	defaultMessageLimit = 16 << 20
	mostMessageLimit    = 1 << 30
)

// A Dialer opens connections to targets. The zero value works and dials public
// addresses only. It is safe for concurrent use as long as nobody changes it.
type Dialer struct {
	// Guard says what may be dialled.
	Guard Guard
	// Resolver resolves the names of targets, once for each dial; nil:
	// net.DefaultResolver.
	Resolver Resolver
	// RootCAs are whom to trust for wss; nil: the system's.
	RootCAs *x509.CertPool
	// Timeout is for all of resolving, connecting, TLS and the handshake; 0 is 10 s.
	Timeout time.Duration
	// CloseTimeout is how long a target may take to answer our Close, and then
	// again to close the TCP connection; 0 is 10 s.
	CloseTimeout time.Duration
	// MessageLimit is how many bytes one message from the target may have,
	// after inflating; 0 is 16 MiB, and it is 1 GiB at most.
	MessageLimit int

	tcp func(ctx context.Context, d *net.Dialer, to netip.AddrPort) (net.Conn, error) // nil: dialTCP; for tests
}

// A Request says what to open, and on whose behalf.
type Request struct {
	Target    *url.URL // from wire.ParseTarget
	Ports     []uint16 // that may be dialled besides 80 and 443
	Protocols []string // the subprotocols to offer, the most wanted first
	Origin    string   // empty: the header is not sent
	UserAgent string   // empty: the header is not sent

	// Attempt is asked before each attempt at a connection, of which there are some
	// where a name has many addresses. An error (a *wire.Error) takes its place. Nil:
	// all may be made.
	Attempt func(ctx context.Context, to netip.Addr) error
}

// Dial connects to the target and does the opening handshake. Nothing that
// comes behind it is read before Start; whoever does not start the Conn must
// Abort it.
//
// An error is ctx's own once ctx is done, and else a *wire.Error: TargetDenied,
// which takes its time, TargetUnreachable, TargetRefused, TargetTimeout, NoRelay
// where the Guard cannot tell what may be dialled (which wraps why), or BadRequest for a Request
// that no handshake can hold.
func (d *Dialer) Dial(ctx context.Context, r Request) (*Conn, error) {
	began := time.Now()
	c, err := d.dial(ctx, r)
	if err != nil {
		hold(ctx, began, err)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return c, err
}

func (d *Dialer) dial(ctx context.Context, r Request) (*Conn, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	timeout := orDefault(d.Timeout, defaultTimeout)
	timed, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c, err := d.open(timed, r)
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case timed.Err() == nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded):
		return nil, err
	}
	// net's own timers may be a little ahead of ctx's.
	ours, _ := timed.Deadline()
	if callers, ok := ctx.Deadline(); ok && !callers.After(ours) {
		return nil, context.DeadlineExceeded
	}
	return nil, wire.Errorf(wire.TargetTimeout, "the target was not open after %v", timeout)
}

// open is Dial without the judgement about whose clock ran out: an error is a
// *wire.Error, or the clock's.
func (d *Dialer) open(ctx context.Context, r Request) (*Conn, error) {
	out, err := d.connect(ctx, r)
	if err != nil {
		return nil, err
	}
	// From here on everything blocks on out alone, so closing it is the way to
	// stop at ctx's end.
	stop := context.AfterFunc(ctx, func() { out.Close() })
	stream, err := d.secure(out, r.Target)
	if err != nil {
		stop()
		out.Close()
		return nil, err
	}
	agreed, err := shake(stream, r)
	if !stop() { // ctx is done, and out closed or about to be
		out.Close()
		return nil, ctx.Err()
	}
	if err != nil {
		out.Close()
		return nil, err
	}
	limit := min(orDefault(d.MessageLimit, defaultMessageLimit), mostMessageLimit)
	return newConn(out, stream, agreed, orDefault(d.CloseTimeout, defaultCloseTimeout), limit), nil
}

// connect resolves, asks the guard, and connects to what it has let through, with
// keep-alive as net.Dialer has it. No proxy of the environment is asked.
func (d *Dialer) connect(ctx context.Context, r Request) (*outbox.Outbox, error) {
	gate, err := d.Guard.gate(ctx, r.Ports)
	if err != nil {
		return nil, err
	}
	to, err := d.endpoints(ctx, r.Target, gate)
	if err != nil {
		return nil, err
	}
	tcp := d.tcp
	if tcp == nil {
		tcp = dialTCP
	}
	conn, err := race(ctx, to, func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		if r.Attempt != nil {
			if err := r.Attempt(ctx, to.Addr().Unmap()); err != nil {
				return nil, err
			}
		}
		return tcp(ctx, &net.Dialer{Control: gate.control}, to)
	})
	if err != nil {
		return nil, unreachable(err)
	}
	return outbox.New(conn, 0), nil
}

func dialTCP(ctx context.Context, d *net.Dialer, to netip.AddrPort) (net.Conn, error) {
	return d.DialContext(ctx, "tcp", to.String())
}

// secure puts TLS on top of out where the target is wss.
func (d *Dialer) secure(out *outbox.Outbox, target *url.URL) (net.Conn, error) {
	if target.Scheme != "wss" {
		return out, nil
	}
	stream := tls.Client(out, &tls.Config{
		RootCAs:    d.RootCAs,
		ServerName: target.Hostname(),
		NextProtos: []string{"http/1.1"},
		MinVersion: tls.VersionTLS12,
	})
	if err := stream.Handshake(); err != nil {
		return nil, insecure(err)
	}
	return stream, nil
}

// port is the target's port, its scheme's own where it names none.
func port(target *url.URL) int {
	if n, err := strconv.Atoi(target.Port()); err == nil {
		return n
	}
	return defaultPort(target.Scheme)
}

func defaultPort(scheme string) int {
	if scheme == "wss" {
		return 443
	}
	return 80
}

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value <= 0 {
		return otherwise
	}
	return value
}
