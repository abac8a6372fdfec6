package upstream

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// book is a Resolver that can be rewritten.
type book struct {
	mu    sync.Mutex
	names map[string][]string // none: it fails
	after time.Duration
	asked int
}

func (b *book) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	b.mu.Lock()
	b.asked++
	after, found := b.after, fixed(b.names[host])
	b.mu.Unlock()
	return slow{after, found}.LookupNetIP(ctx, network, host)
}

func (b *book) write(host string, addrs ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.names[host] = addrs
}

// Where Redis is, was, and will be is never dialled, though all is allowed.
func TestRedis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := &book{names: map[string][]string{"redis.test": {"10.0.0.1", "fd00::1"}}}
		list := []string{"redis.test:6379", "10.0.0.2:26379"}
		guard := on(Rules{AnyPort: true, Allow: prefixes("0.0.0.0/0", "::/0"), Redis: func() []string { return list }, Resolver: names}.Guard(), publicMachine)
		forbidden := func(all ...string) {
			t.Helper()
			g, err := guard.gate(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []string{
				"10.0.0.1:6379", "[fd00::1]:6379", "10.0.0.2:26379", "10.0.0.3:6379", "10.0.0.4:6379", "10.0.0.5:6379", "10.0.0.6:6379",
			} {
				if g.admits(netip.MustParseAddrPort(s)) == slices.Contains(all, s) {
					t.Errorf("%s is on the wrong side", s)
				}
			}
			if !g.admits(netip.MustParseAddrPort("10.0.0.1:80")) {
				t.Error("another port of Redis's host is closed too")
			}
		}
		all := []string{"10.0.0.1:6379", "[fd00::1]:6379", "10.0.0.2:26379"}
		forbidden(all...)
		forbidden(all...)
		if names.asked != 1 {
			t.Errorf("asked %d times", names.asked)
		}
		// A failover: the name leads elsewhere, and its old place stays closed.
		names.write("redis.test", "10.0.0.3")
		forbidden(all...)
		time.Sleep(redisFor) // virtual
		all = append(all, "10.0.0.3:6379")
		forbidden(all...)
		// The Cluster has a new node, at once.
		list = append(list, "10.0.0.4:6379", "other.test:6379")
		names.write("other.test", "10.0.0.6")
		all = append(all, "10.0.0.4:6379", "10.0.0.6:6379")
		forbidden(all...)
		// The name server fails: what is known stands, also what was taken off the list.
		names.write("redis.test")
		names.write("other.test")
		time.Sleep(10 * redisFor) // virtual
		forbidden(all...)
		list = nil
		forbidden(all...)
	})
}

// As long as an address of Redis is not known, nothing is dialled.
func TestRedisUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := &book{names: map[string][]string{}}
		list := []string{"redis.test:6379"}
		var record dialled
		d := record.through(&Dialer{Guard: on(Rules{Redis: func() []string { return list }, Resolver: names}.Guard(), publicMachine)})
		expect := func(want wire.ErrorCode) {
			t.Helper()
			c, err := d.Dial(t.Context(), Request{Target: parse(t, "ws://8.8.8.8/")})
			if got := code(t, c, err); got != want {
				t.Errorf("got %q, want %s", got, want)
			}
		}
		expect(wire.NoRelay)
		expect(wire.NoRelay)
		if names.asked != 1 {
			t.Errorf("a name server that fails is asked %d times at once", names.asked)
		}
		expectDialled(t, &record)
		names.write("redis.test", "10.0.0.1")
		time.Sleep(redisRetry) // virtual
		expect(wire.TargetUnreachable)
		expectDialled(t, &record, "8.8.8.8:80")
		for _, list = range [][]string{{"no port"}, {"10.0.0.1"}, {":6379"}, {"10.0.0.1:x"}, {"10.0.0.1:70000"}, {""}} {
			expect(wire.NoRelay)
		}
		expectDialled(t, &record)
	})
}

// A name server that is slow holds up the first dial, and then only who asks again.
func TestRedisSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := &book{names: map[string][]string{"redis.test": {"10.0.0.1"}}, after: time.Second}
		guard := on(Rules{Redis: func() []string { return []string{"redis.test:6379"} }, Resolver: names}.Guard(), publicMachine)
		wait := func(n int) (took []time.Duration) {
			results := make(chan time.Duration)
			for range n {
				go func() {
					start := time.Now()
					if _, err := guard.gate(context.Background(), nil); err != nil {
						t.Error(err)
					}
					results <- time.Since(start)
				}()
			}
			for range n {
				took = append(took, <-results)
			}
			slices.Sort(took)
			return took
		}
		if got := wait(3); got[0] != time.Second || got[2] != time.Second || names.asked != 1 {
			t.Errorf("the first dials took %v, and asked %d times", got, names.asked)
		}
		time.Sleep(redisFor) // virtual
		if got := wait(3); got[1] != 0 || got[2] != time.Second || names.asked != 2 {
			t.Errorf("later dials took %v, and asked %d times", got, names.asked)
		}
		names.after = time.Hour
		time.Sleep(redisFor) // virtual
		if got := wait(3); got[1] != 0 || got[2] != redisWait {
			t.Errorf("dials took %v", got)
		}
	})
}

// The first caller goes away while the name server is asked: the second has its answer.
func TestRedisCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := &book{names: map[string][]string{"redis.test": {"10.0.0.1"}}, after: time.Second}
		guard := on(Rules{Redis: func() []string { return []string{"redis.test:6379"} }, Resolver: names}.Guard(), publicMachine)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		go func() {
			if _, err := guard.gate(ctx, nil); err != context.DeadlineExceeded {
				t.Errorf("who left is told %v", err)
			}
		}()
		synctest.Wait()
		if _, err := guard.gate(t.Context(), nil); err != nil || names.asked != 1 {
			t.Errorf("%v, asked %d times", err, names.asked)
		}
	})
}

// What is remembered has a bound, and what is there now is not what gives way.
func TestRedisBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list []string
		r := newRedis(func() []string { return list }, fixed{})
		at := func(i int) netip.AddrPort {
			return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 6379)
		}
		for i := range redisMost + 10 {
			time.Sleep(time.Second) // virtual
			list = []string{"10.0.0.1:6379", at(i).String()}
			if _, err := r.endpoints(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		got, err := r.endpoints(t.Context())
		if err != nil || len(got) != redisMost {
			t.Fatal(len(got), err)
		}
		for to, want := range map[netip.AddrPort]bool{
			netip.MustParseAddrPort("10.0.0.1:6379"): true, at(redisMost + 9): true, at(redisMost): true, at(0): false, at(10): false,
		} {
			if slices.Contains(got, to) != want {
				t.Errorf("%v: %v", to, !want)
			}
		}
	})
}

func TestRedisResolves(t *testing.T) {
	server := names(t)
	guard := on(Rules{AnyPort: true, Allow: prefixes("10.0.0.0/8"), Redis: func() []string { return []string{"private10.test:6379"} }, Resolver: server.Resolver()}.Guard(), publicMachine)
	var record dialled
	d := record.through(&Dialer{Guard: guard, Resolver: server.Resolver()})
	for _, s := range []string{"ws://private10.test:6379/", "ws://10.0.0.1:6379/", "ws://10.1:6379/", "ws://[::ffff:10.0.0.1]:6379/"} {
		c, err := d.Dial(context.Background(), Request{Target: parse(t, s)})
		if got := code(t, c, err); got != wire.TargetDenied {
			t.Errorf("%s: %q", s, got)
		}
	}
	expectDialled(t, &record)
	if _, err := d.Dial(context.Background(), Request{Target: parse(t, "ws://private10.test:6380/")}); errors.Is(err, errDenied) {
		t.Error(err)
	}
	expectDialled(t, &record, "10.0.0.1:6380")
}
