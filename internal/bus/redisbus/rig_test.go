package redisbus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// eventually waits for a condition, for as long as is given, and tells how long that
// took. What it returns is what is wrong.
func eventually(t testing.TB, deadline time.Duration, what func() string) time.Duration {
	t.Helper()
	start := time.Now()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		wrong := what()
		if wrong == "" {
			return time.Since(start)
		}
		if time.Since(start) > deadline {
			t.Fatalf("after %v: %s", deadline, wrong)
		}
		<-tick.C
	}
}

// A fleet is the sockets of some relays: what was opened, and closed again.
type fleet struct {
	mu     sync.Mutex
	opened map[string]int // by the target, which is another for each create
	open   map[string]bool
	closed map[string]int // by the socket: how often it was told
}

func newFleet() *fleet {
	return &fleet{opened: make(map[string]int), open: make(map[string]bool), closed: make(map[string]int)}
}

// Open implements bus.Handler.
func (f *fleet) Open(_ context.Context, r bus.OpenRequest) (bus.OpenReply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened[r.Target]++
	f.open[r.Target] = true
	return bus.OpenReply{Socket: r.Target}, nil
}

// Close implements bus.Handler.
func (f *fleet) Close(c bus.CloseSockets) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range c.Sockets {
		delete(f.open, s)
		f.closed[s]++
	}
}

func (f *fleet) times(target string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened[target]
}

func (f *fleet) holds() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.open)
}

// told tells whether it was told to close a socket.
func (f *fleet) told(socket string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed[socket] > 0
}

// run serves and announces a relay as one does, on a bus of its own, until the test
// ends.
func (f *fleet) run(t testing.TB, url, node string) *Bus {
	t.Helper()
	b := open(t, url)
	ready := serve(t, b, node, f)
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(bus.NodeLease / 5)
		defer tick.Stop()
		select {
		case <-ready:
		case <-ctx.Done():
			return
		}
		for {
			_ = b.Announce(ctx, bus.Node{ID: node, Host: node})
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	t.Cleanup(func() { stop(); wg.Wait() })
	return b
}

// serve serves a node until the test ends, and tells when that has begun.
func serve(t testing.TB, b *Bus, node string, h bus.Handler) (ready <-chan struct{}) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	begun, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- b.Serve(ctx, node, h, func() { close(begun) }) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve returned %v when its context ended", err)
		}
	})
	return begun
}

// create asks one relay after the other, as a router does.
func create(ctx context.Context, b *Bus, target string) error {
	nodes, err := b.Nodes(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		reply, err := b.Open(ctx, n.ID, bus.OpenRequest{Target: target})
		if errors.Is(err, bus.ErrDeclined) {
			continue
		}
		if err == nil && reply.Socket != target {
			return fmt.Errorf("asked for %s, got %s", target, reply.Socket)
		}
		return err
	}
	return bus.Unavailable()
}

// wait waits for a channel to be closed.
func wait(t testing.TB, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Fatalf("waited in vain for %s", what)
	}
}
