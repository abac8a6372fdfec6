package redisbus

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/internal/wire"
)

// Everything begins without Redis, and works when it comes.
func TestStartsWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	server.Stop()
	f := newFleet()
	f.run(t, server.URL(), "a")
	router := open(t, server.URL())
	eventually(t, hung, func() string {
		switch _, err := router.Nodes(t.Context()); {
		case err == nil:
			return "there are nodes without Redis"
		case errors.Is(err, errNotYet):
			return "it has not been tried"
		}
		return ""
	})
	if err := create(t.Context(), router, "x"); err == nil {
		t.Error("a socket without Redis")
	}
	server.Restart()
	eventually(t, back, func() string {
		if err := create(t.Context(), router, "y"); err != nil {
			return fmt.Sprintf("create: %v", err)
		}
		return ""
	})
}

// While Redis is away nothing waits for it: all says so.
func TestAway(t *testing.T) {
	t.Parallel()
	for name, hurt := range map[string]func(*redistest.Server){
		"stopped": (*redistest.Server).Stop, "paused": (*redistest.Server).Pause,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, redistest.Options{})
			b := open(t, server.URL())
			wait(t, serve(t, b, "a", newFleet()), "serving")
			if _, err := b.Nodes(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Open(t.Context(), "a", bus.OpenRequest{Target: "x"}); err != nil {
				t.Fatal(err)
			}
			hurt(server)
			lease := []bus.Lease{{Limit: "l", ID: "i"}}
			for name, call := range map[string]func(context.Context) error{
				"Open": func(ctx context.Context) error {
					_, err := b.Open(ctx, "a", bus.OpenRequest{Target: "y"})
					if err != nil && !isUnavailable(err) {
						t.Errorf("open: %v, want %v", err, wire.NoRelay)
					}
					return err
				},
				"Alive": func(ctx context.Context) error {
					_, err := b.Alive(ctx, func(bus.Node) bool { return true })
					return err
				},
				"Announce": func(ctx context.Context) error { return b.Announce(ctx, bus.Node{ID: "a"}) },
				"Withdraw": func(ctx context.Context) error { return b.Withdraw(ctx, "a") },
				"Tell":     func(ctx context.Context) error { return b.Tell(ctx, "a", bus.CloseSockets{}) },
				"Acquire":  func(ctx context.Context) error { _, err := b.Acquire(ctx, lease[0], 1); return err },
				"Renew":    func(ctx context.Context) error { return b.Renew(ctx, lease) },
				"Release":  func(ctx context.Context) error { return b.Release(ctx, lease) },
				"Nodes": func(ctx context.Context) error { // which are good for three seconds
					for {
						_, err := b.Nodes(ctx)
						if err != nil || ctx.Err() != nil {
							return err
						}
						<-time.After(10 * time.Millisecond)
					}
				},
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					ctx, cancel := context.WithTimeout(context.Background(), hung)
					defer cancel()
					err := call(ctx)
					if err == nil || ctx.Err() != nil {
						t.Errorf("without Redis, after %v: %v", hung, err)
					}
				})
			}
		})
	}
}

// A relay that has fallen silent, and one that is gone, are not alive; but that is said
// only when Redis has been there for so long that a relay would have been heard.
func TestNotAlive(t *testing.T) {
	t.Parallel()
	url := redistest.Start(t, redistest.Options{}).URL()
	start := time.Now()
	b := open(t, url)
	overhear(t, url, "silent")
	known := make(map[string]bool)
	eventually(t, 20*time.Second, func() string {
		for _, id := range []string{"silent", "gone"} {
			if err := b.Announce(t.Context(), bus.Node{ID: id}); err != nil {
				return err.Error()
			}
		}
		for _, id := range []string{"gone", "nobody", "silent"} {
			alive, err := b.Alive(t.Context(), func(n bus.Node) bool { return n.ID == id })
			if alive {
				t.Fatalf("%s is alive", id)
			}
			if err == nil && time.Since(start) < bus.NodeLease {
				t.Fatalf("%s is known not to be alive after %v", id, time.Since(start))
			}
			known[id] = err == nil
		}
		if !known["gone"] || !known["nobody"] || !known["silent"] {
			return fmt.Sprintf("who is not alive is not known: %v", known)
		}
		return ""
	})
}

// The sentinels have another master, and the old one does not know it yet.
func TestFollowsMaster(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t, redistest.Options{})
	b := open(t, s.URL())
	if _, err := b.current(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Promote()
	eventually(t, back, func() string {
		if l, err := b.current(t.Context()); err != nil || l.master != s.Master().Addr {
			return fmt.Sprintf("the line does not lead to %s: %v", s.Master().Addr, err)
		}
		return ""
	})
}
