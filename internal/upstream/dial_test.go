package upstream_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/internal/wire"
)

func TestDialTimeout(t *testing.T) {
	silent := rude(t, func(p *peer) { p.end() })
	d := dialer()
	d.Timeout = 50 * time.Millisecond
	var e *wire.Error
	if _, err := d.Dial(context.Background(), upstream.Request{Target: silent}); !errors.As(err, &e) || e.Code != wire.TargetTimeout {
		t.Errorf("got %v", err)
	}
	if e != nil && e.Message != "the target was not open after 50ms" {
		t.Errorf("got %q", e.Message)
	}

	// The caller's own end is the caller's own error.
	ctx, cancel := context.WithCancel(context.Background())
	asked := rude(t, func(p *peer) { cancel(); p.end() })
	if _, err := dialer().Dial(ctx, upstream.Request{Target: asked}); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := dialer().Dial(ctx, upstream.Request{Target: silent}); err != context.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
}

func TestDialUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := listener.Addr().String()
	listener.Close()
	for _, test := range []struct{ target, want string }{
		{"ws://" + nobody, "the target could not be connected to: nothing listens there"},
		{"ws://no-such-host.invalid/", "the target's host name could not be resolved"},
	} {
		var e *wire.Error
		_, err := dialer().Dial(context.Background(), upstream.Request{Target: target(t, test.target)})
		if !errors.As(err, &e) || *e != (wire.Error{Code: wire.TargetUnreachable, Message: test.want}) {
			t.Errorf("%s: %v", test.target, err)
		}
	}
}

// Attempt is asked before an address is dialled, and what it says is the answer.
func TestDialAttempt(t *testing.T) {
	dialled := make(chan struct{}, 1)
	u := rude(t, func(p *peer) { dialled <- struct{}{}; p.end() })
	var asked []netip.Addr
	says := &wire.Error{Code: wire.RateLimited, Message: "too often", Wait: time.Minute}
	_, err := dialer().Dial(context.Background(), upstream.Request{Target: u, Attempt: func(_ context.Context, to netip.Addr) error {
		asked = append(asked, to)
		return says
	}})
	var e *wire.Error
	if !errors.As(err, &e) || *e != *says {
		t.Errorf("got %v", err)
	}
	if len(asked) != 1 || asked[0] != netip.MustParseAddr("127.0.0.1") || len(dialled) != 0 {
		t.Errorf("asked for %v, and dialled %d times", asked, len(dialled))
	}
	// Who may not be dialled at all is not asked about.
	closed := upstream.Dialer{}
	_, err = closed.Dial(context.Background(), upstream.Request{Target: u, Attempt: func(context.Context, netip.Addr) error {
		t.Error("it is asked about an address that is forbidden")
		return nil
	}})
	if !errors.As(err, &e) || e.Code != wire.TargetDenied {
		t.Errorf("got %v", err)
	}
}
