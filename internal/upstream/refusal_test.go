package upstream

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// slow is a Resolver that takes its time.
type slow struct {
	after time.Duration
	fixed
}

func (s slow) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	select {
	case <-time.After(s.after):
		if len(s.fixed) == 0 {
			return nil, errUnnamed
		}
		return s.fixed.LookupNetIP(ctx, network, host)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Refusals look alike, whatever they are for: in their text, and in virtual time.
func TestRefusalsLookAlike(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name, target string
		resolver     slow
		from         time.Duration // and 50 ms on; 0: at once
		code         wire.ErrorCode
	}{
		{"an address", "ws://10.0.0.1/", slow{}, 100 * ms, wire.TargetDenied},
		{"an odd address", "ws://0x7f.1/", slow{}, 100 * ms, wire.TargetDenied},
		{"an IPv6 address", "ws://[::1]/", slow{}, 100 * ms, wire.TargetDenied},
		{"a port", "ws://8.8.8.8:22/", slow{}, 100 * ms, wire.TargetDenied},
		{"a port of a private address", "ws://10.0.0.1:22/", slow{}, 100 * ms, wire.TargetDenied},
		{"a port of a name", "ws://a.test:22/", slow{time.Hour, fixed{"8.8.8.8"}}, 100 * ms, wire.TargetDenied},
		{"a port of a name that there is not", "ws://a.test:22/", slow{time.Hour, nil}, 100 * ms, wire.TargetDenied},
		{"a name", "ws://a.test/", slow{0, fixed{"10.0.0.1"}}, 100 * ms, wire.TargetDenied},
		{"a name, soon", "ws://a.test/", slow{3 * ms, fixed{"127.0.0.1"}}, 100 * ms, wire.TargetDenied},
		{"a name, later", "ws://a.test/", slow{99 * ms, fixed{"fd00::1"}}, 100 * ms, wire.TargetDenied},
		{"a mixed answer", "ws://a.test/", slow{50 * ms, fixed{"8.8.8.8", "10.0.0.1"}}, 100 * ms, wire.TargetDenied},
		{"a slow name", "ws://a.test/", slow{101 * ms, fixed{"10.0.0.1"}}, 200 * ms, wire.TargetDenied},
		{"a slower name", "ws://a.test/", slow{1570 * ms, fixed{"10.0.0.1"}}, 1600 * ms, wire.TargetDenied},
		{"not a refusal: a name that there is not", "ws://a.test/", slow{0, nil}, 0, wire.TargetUnreachable},
		{"not a refusal: nobody answers", "ws://8.8.8.8/", slow{}, 0, wire.TargetUnreachable},
	} {
		t.Run(test.name, func(t *testing.T) {
			var took []time.Duration
			for range 20 {
				synctest.Test(t, func(t *testing.T) {
					var record dialled
					d := record.through(&Dialer{Guard: on(Rules{}.Guard(), publicMachine), Resolver: test.resolver})
					start := time.Now()
					c, err := d.Dial(t.Context(), Request{Target: parse(t, test.target)})
					if got := code(t, c, err); got != test.code {
						t.Errorf("got %q", got)
					}
					took = append(took, time.Since(start))
				})
			}
			same := true
			for _, d := range took {
				same = same && d == took[0]
				if test.from == 0 && d != 0 || test.from > 0 && (d < test.from || d >= test.from+50*ms) {
					t.Errorf("took %v", d)
				}
			}
			if same != (test.from == 0) {
				t.Errorf("took %v: without a chance", took[0])
			}
		})
	}
}

// Who goes away does not wait, nor does a refusal for the target's own time.
func TestRefusalEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		start := time.Now()
		if _, err := (&Dialer{}).Dial(ctx, Request{Target: parse(t, "ws://10.0.0.1/")}); err != context.DeadlineExceeded {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != time.Millisecond {
			t.Errorf("took %v", took)
		}
		c, err := (&Dialer{Timeout: time.Millisecond}).Dial(t.Context(), Request{Target: parse(t, "ws://10.0.0.1/")})
		if got := code(t, c, err); got != wire.TargetDenied {
			t.Errorf("got %q", got)
		}
	})
}
