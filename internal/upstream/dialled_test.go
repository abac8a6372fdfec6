package upstream

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

var errNotDialled = errors.New("it is only recorded")

// dialled records what is dialled, and stands between the guard and the network:
// what is not of this machine fails instead.
type dialled struct {
	mu sync.Mutex
	to []string
}

// through has d dial by way of the record.
func (r *dialled) through(d *Dialer) *Dialer {
	d.tcp = func(ctx context.Context, with *net.Dialer, to netip.AddrPort) (net.Conn, error) {
		r.mu.Lock()
		r.to = append(r.to, to.String())
		r.mu.Unlock()
		if addr := to.Addr().Unmap(); addr.IsLoopback() || addr.IsUnspecified() {
			return dialTCP(ctx, with, to)
		}
		return nil, errNotDialled
	}
	return d
}

// take is what was dialled since.
func (r *dialled) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() { r.to = nil }()
	return r.to
}

// fixed is a Resolver that answers every name with the same addresses.
type fixed []string

func (f fixed) LookupNetIP(context.Context, string, string) (addrs []netip.Addr, err error) {
	for _, s := range f {
		addrs = append(addrs, netip.MustParseAddr(s))
	}
	return addrs, nil
}

func parse(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := wire.ParseTarget(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return u
}

// code is the code of a dial's outcome; the connection is dropped.
func code(t testing.TB, c *Conn, err error) wire.ErrorCode {
	t.Helper()
	if err == nil {
		c.Abort()
		return ""
	}
	var e *wire.Error
	if !errors.As(err, &e) {
		t.Errorf("got %v", err)
		return wire.Internal
	}
	if e.Code == wire.TargetDenied && e.Message != "the target may not be dialled" {
		t.Errorf("a refusal says %q", e.Message)
	}
	return e.Code
}

func prefixes(all ...string) (parsed []netip.Prefix) {
	for _, s := range all {
		parsed = append(parsed, netip.MustParsePrefix(s))
	}
	return parsed
}

func expectDialled(t testing.TB, r *dialled, want ...string) {
	t.Helper()
	if got := r.take(); !slices.Equal(got, want) {
		t.Errorf("dialled %v, want %v", got, want)
	}
}
