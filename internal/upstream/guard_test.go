package upstream_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/internal/wire"
)

func TestGuard(t *testing.T) {
	open := rude(t, func(p *peer) { p.send(p.answer()); p.end() })
	only := func(prefix string) upstream.Guard { return upstream.NewGuard(netip.MustParsePrefix(prefix)) }
	by := func(host string) string { return "ws://" + host + ":" + open.Port() }
	const denied = "the target may not be dialled"

	for _, test := range []struct {
		name   string
		guard  upstream.Guard
		target string
		code   wire.ErrorCode // empty: it is dialled
	}{
		{"zero", upstream.Guard{}, by("127.0.0.1"), wire.TargetDenied},
		{"zero, by name", upstream.Guard{}, by("localhost"), wire.TargetDenied},
		{"zero, any address", upstream.Guard{}, by("0.0.0.0"), wire.TargetDenied},
		{"zero, mapped", upstream.Guard{}, by("[::ffff:127.0.0.1]"), wire.TargetDenied},
		{"zero, IPv6", upstream.Guard{}, by("[::1]"), wire.TargetDenied},
		{"zero, unspecified", upstream.Guard{}, by("[::]"), wire.TargetDenied},
		{"zero, private", upstream.Guard{}, by("10.0.0.1"), wire.TargetDenied},
		{"zero, link-local", upstream.Guard{}, by("169.254.169.254"), wire.TargetDenied},
		{"zero, unique local", upstream.Guard{}, by("[fd00::1]"), wire.TargetDenied},
		{"zero, 6to4", upstream.Guard{}, by("[2002:7f00:1::]"), wire.TargetDenied},
		{"zero, NAT64", upstream.Guard{}, by("[64:ff9b::7f00:1]"), wire.TargetDenied},
		{"new, nothing allowed", upstream.NewGuard(), by("127.0.0.1"), wire.TargetDenied},
		{"another is allowed", only("127.0.0.2/32"), by("127.0.0.1"), wire.TargetDenied},
		{"allowed", only("127.0.0.0/8"), by("127.0.0.1"), ""},
		{"allowed, by name", only("127.0.0.0/8"), by("localhost"), ""},
		{"allowed, mapped", only("::ffff:127.0.0.0/104"), by("127.0.0.1"), ""},
		{"allowed, dialled mapped", only("127.0.0.0/8"), by("[::ffff:127.0.0.1]"), ""},
		{"open", upstream.OpenGuard(), by("127.0.0.1"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := dialer()
			d.Guard = test.guard
			c, err := d.Dial(context.Background(), upstream.Request{Target: target(t, test.target)})
			if err == nil {
				c.Abort()
			}
			var e *wire.Error
			switch {
			case test.code == "" && err != nil:
				t.Error(err)
			case test.code != "" && (!errors.As(err, &e) || e.Code != test.code || e.Message != denied):
				t.Errorf("got %v", err)
			}
		})
	}
}
