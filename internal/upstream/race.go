package upstream

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// attemptDelay is how long an attempt at a connection stays alone, RFC 8305 §5.
const attemptDelay = 250 * time.Millisecond

// An attempt is what came of dialling one address.
type attempt struct {
	conn net.Conn
	err  error
}

// race dials the endpoints in turn, each as soon as the one before has failed or
// had attemptDelay, and answers the first connection. The others are dropped. An
// error is that of the first that failed, or the guard's.
func race(ctx context.Context, to []netip.AddrPort, dial func(context.Context, netip.AddrPort) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	attempts := make(chan attempt)
	start := func(to netip.AddrPort) {
		conn, err := dial(ctx, to)
		select {
		case attempts <- attempt{conn, err}:
		case <-ctx.Done():
			if conn != nil {
				conn.Close()
			}
		}
	}
	timer := time.NewTimer(attemptDelay)
	defer timer.Stop()
	running := 0
	next := func() {
		if len(to) > 0 {
			go start(to[0])
			to = to[1:]
			running++
			timer.Reset(attemptDelay)
		}
	}
	var first error
	for next(); running > 0; next() {
		select {
		case a := <-attempts:
			running--
			switch {
			case a.err == nil:
				return a.conn, nil
			case errors.Is(a.err, errDenied):
				return nil, a.err
			case first == nil:
				first = a.err
			}
		case <-timer.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, first
}
