package router_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

const nonce = "nonce=0123456789abcdef"

// bubble runs f in virtual time, with a router whose relay takes its time where
// the test says so.
func bubble(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newRig(t)) })
}

func TestNonceAgain(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		first := r.do(get(nonce, "protocols=a,b", "token=x"))
		id := first.socket(t)
		for way, request := range ways {
			if a := r.do(request(params(nonce, "protocols=a, b", "token=x", "from=another"))); a.raw != first.raw {
				t.Errorf("%s: %s, want %s", way, a.raw, first.raw)
			}
		}
		// In the form asked for.
		if a := r.do(get(nonce, "protocols=a,b", "token=x", "cb=f")); a.cb != "f" || a.socket(t) != id {
			t.Errorf("JSONP: %s", a.raw)
		}
		if len(r.auth.asked) != len(ways)+2 {
			t.Errorf("%d creates were authorised", len(r.auth.asked))
		}
		// Others.
		seen := []string{id}
		page := get(nonce, "protocols=a,b", "token=x")
		page.Header.Set("Origin", "https://page.example")
		for name, request := range map[string]*http.Request{
			"nonce":     get(nonce+"x", "protocols=a,b", "token=x"),
			"target":    get(nonce, "protocols=a,b", "token=x", "target="+target+"x"),
			"protocols": get(nonce, "protocols=b,a", "token=x"),
			"token":     get(nonce, "protocols=a,b", "token=y"),
			"no token":  get(nonce, "protocols=a,b"),
			"origin":    page,
			"none":      get("protocols=a,b", "token=x"),
			"no nonce":  get("protocols=a,b", "token=x"),
		} {
			got := r.do(request).socket(t)
			if slices.Contains(seen, got) {
				t.Errorf("another %s: the same socket", name)
			}
			seen = append(seen, got)
		}
		if _, opened, dropped := r.bus.state(); opened != len(seen) || len(dropped) > 0 {
			t.Errorf("%d opened, %v dropped", opened, dropped)
		}
	})
}

func TestNonceExpires(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		first := r.do(get(nonce)).socket(t)
		time.Sleep(30*time.Second - 1)
		if again := r.do(get(nonce)).socket(t); again != first {
			t.Error("it is not kept for 30 s")
		}
		time.Sleep(2 * time.Nanosecond)
		second := r.do(get(nonce)).socket(t)
		if second == first {
			t.Error("it is kept for more than 30 s")
		}
		// The first one's end is not the second's.
		time.Sleep(29 * time.Second)
		if again := r.do(get(nonce)).socket(t); again != second {
			t.Error("the second is not kept for 30 s")
		}
	})
}

func TestNonceErrors(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.bus.open = func(context.Context, string) error { return wire.Errorf(wire.TargetUnreachable, "down") }
		r.do(get(nonce)).is(t, 502, wire.TargetUnreachable, "down")
		r.bus.open = nil
		r.do(get(nonce)).socket(t)
		// A later no of the policy goes before the answer that is kept.
		r.auth.err = wire.Errorf(wire.TokenExpired, "expired")
		r.do(get(nonce)).is(t, 401, wire.TokenExpired, "expired")
	})
}

func TestNonceJoins(t *testing.T) {
	for name, fail := range map[string]bool{"opens": false, "fails": true} {
		bubble(t, func(t *testing.T, r *rig) {
			r.bus.open = func(context.Context, string) error {
				time.Sleep(time.Second)
				if fail {
					return wire.Errorf(wire.TargetRefused, "no")
				}
				return nil
			}
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					if a := r.do(get(nonce)); fail {
						a.is(t, 502, wire.TargetRefused, "no")
					} else if a.Socket != "socket-1" {
						t.Errorf("%s: %s", name, a.raw)
					}
				})
			}
			wg.Wait()
			if requests, _, dropped := r.bus.state(); len(requests) != 1 || len(dropped) > 0 {
				t.Errorf("%s: %d asked for, %v dropped", name, len(requests), dropped)
			}
		})
	}
}

// A doing is a create under way.
type doing struct {
	cut  context.CancelFunc
	done chan answer
}

func (r *rig) begin(more ...string) *doing {
	ctx, cut := context.WithCancel(context.Background())
	d := &doing{cut, make(chan answer, 1)}
	go func() { d.done <- r.do(get(more...).WithContext(ctx)) }()
	synctest.Wait()
	return d
}

// silent cuts the create and expects that it is over at once, and without an
// answer.
func (d *doing) silent(t *testing.T) {
	t.Helper()
	d.cut()
	synctest.Wait()
	select {
	case a := <-d.done:
		if a.raw != "" {
			t.Errorf("a create that was cut got %s", a.raw)
		}
	default:
		t.Error("a create that was cut goes on")
	}
}

func (r *rig) expect(opened int, dropped ...string) {
	r.Helper()
	synctest.Wait()
	_, gotOpened, gotDropped := r.bus.state()
	if slices.Sort(gotDropped); gotOpened != opened || !slices.Equal(gotDropped, dropped) {
		r.Errorf("%d opened, %q dropped; want %d, %q", gotOpened, gotDropped, opened, dropped)
	}
	if r.bus.told != nil {
		r.Errorf("the relay was told with a context that is over: %v", r.bus.told)
	}
}

// each runs a test without a nonce and with one.
func each(t *testing.T, f func(t *testing.T, r *rig, more ...string)) {
	t.Run("no nonce", func(t *testing.T) { bubble(t, func(t *testing.T, r *rig) { f(t, r) }) })
	t.Run("nonce", func(t *testing.T) { bubble(t, func(t *testing.T, r *rig) { f(t, r, nonce) }) })
}

func TestCutWhileOpening(t *testing.T) {
	each(t, func(t *testing.T, r *rig, more ...string) {
		r.bus.open = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		r.begin(more...).silent(t)
		r.expect(0)
		// The next of that nonce begins anew.
		r.bus.open = nil
		r.do(get(more...)).socket(t)
		r.expect(1)
	})
}

func TestCutAndOpenedAllTheSame(t *testing.T) {
	each(t, func(t *testing.T, r *rig, more ...string) {
		goOn := make(chan struct{})
		r.bus.open = func(context.Context, string) error { <-goOn; return nil }
		r.begin(more...).silent(t)
		// Meanwhile the same again opens another.
		again := r.begin(more...)
		r.expect(0)
		close(goOn)
		synctest.Wait()
		kept := (<-again.done).socket(t)
		dropped := "node socket-1"
		if kept == "socket-1" {
			dropped = "node socket-2"
		}
		r.expect(2, dropped)
		if len(more) > 0 && r.do(get(more...)).socket(t) != kept {
			t.Error("the one that was kept is forgotten")
		}
		again.cut()
	})
}

// The request ends in the moment in which its socket is open.
func TestCutWhenOpen(t *testing.T) {
	each(t, func(t *testing.T, r *rig, more ...string) {
		begun := make(chan *doing)
		r.bus.open = func(context.Context, string) error { (<-begun).cut(); return nil }
		d := r.begin(more...)
		begun <- d
		if a := <-d.done; a.raw != "" {
			t.Errorf("a create that was cut got %s", a.raw)
		}
		r.expect(1, "node socket-1")
		r.bus.open = nil
		r.do(get(more...)).socket(t)
		r.expect(2, "node socket-1")
	})
}

func TestCutWithAnotherWaiting(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		goOn := make(chan struct{})
		r.bus.open = func(ctx context.Context, _ string) error {
			select {
			case <-goOn:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		first, second := r.begin(nonce), r.begin(nonce)
		first.silent(t)
		third := r.begin(nonce)
		close(goOn)
		synctest.Wait()
		if a, b := (<-second.done).socket(t), (<-third.done).socket(t); a != "socket-1" || b != a {
			t.Errorf("they got %s and %s", a, b)
		}
		r.expect(1)
		second.cut()
		third.cut()
	})
}

func TestCutAllWhoWait(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.bus.open = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		first, second := r.begin(nonce), r.begin(nonce)
		first.silent(t)
		if requests, _, _ := r.bus.state(); len(requests) != 1 {
			t.Errorf("%d asked for", len(requests))
		}
		second.silent(t)
		r.expect(0)
	})
}

// What one has been told of stays, whatever becomes of those who ask again.
func TestCutAfterAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		first := r.begin(nonce)
		(<-first.done).socket(t)
		first.cut()
		ctx, cut := context.WithCancel(context.Background())
		cut()
		for range 20 { // it may or may not be answered
			r.do(get(nonce).WithContext(ctx))
		}
		r.expect(1)
		if r.do(get(nonce)).socket(t) != "socket-1" {
			t.Error("it is another")
		}
	})
}

// A cut create asks no further relay.
func TestCutBetweenRelays(t *testing.T) {
	each(t, func(t *testing.T, r *rig, more ...string) {
		r.bus.nodes = append(r.bus.nodes, r.bus.nodes[0])
		r.bus.nodes[1].ID = "other"
		r.bus.open = func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return wire.Errorf(wire.NoRelay, "gone, too")
		}
		r.begin(more...).silent(t)
		if requests, _, _ := r.bus.state(); len(requests) != 1 {
			t.Errorf("%d relays were asked", len(requests))
		}
	})
}
