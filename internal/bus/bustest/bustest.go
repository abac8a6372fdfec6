// Package bustest is the suite that every bus passes.
package bustest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/wire"
)

// A Bus is both sides of one.
type Bus interface {
	bus.Relays
	bus.Routers
	bus.Keys
	bus.Tickets
}

// A Setup says how the suite gets at a bus.
type Setup struct {
	// Open makes an empty bus.
	Open func(t *testing.T) Bus
	// Lapse lets the time of every lease go by, in whichever clock the bus lives by.
	Lapse func(t *testing.T)
	// Around runs one test; it may put it into a bubble of virtual time.
	Around func(t *testing.T, test func(t *testing.T))
}

// Run runs the suite of what router and relay say to each other.
func Run(t *testing.T, s Setup) {
	RunNodes(t, s)
	run(t, s, []test{
		{"what is asked reaches the node and the answer comes back", testOpen},
		{"errors keep their code, their words and their wait", testError},
		{"a node that declines has declined", testDeclined},
		{"a node that does not serve cannot be asked", testNoNode},
		{"a node that has ended serving cannot be asked", testEnded},
		{"the end of the asker's context reaches the node", testCut},
		{"what was opened too late for the asker is closed", testCutLate},
		{"sockets are closed where they are", testTell},
		{"many ask at once and each gets its own answer", testMany},
		{"a node that serves is alive", testAlive},
	})
}

// RunNodes runs the part of it that is about who is there.
func RunNodes(t *testing.T, s Setup) {
	run(t, s, []test{
		{"announced nodes are listed", testNodes},
		{"a lease that is not renewed lapses", testLapse},
		{"a withdrawn node is gone at once", testWithdraw},
	})
}

type test struct {
	name string
	run  func(t *testing.T, b Bus, lapse func(*testing.T))
}

func run(t *testing.T, s Setup, tests []test) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.Around(t, func(t *testing.T) { test.run(t, s.Open(t), s.Lapse) })
		})
	}
}

// relay is a bus.Handler that notes what it is asked.
type relay struct {
	open func(context.Context, bus.OpenRequest) (bus.OpenReply, error)

	mu     sync.Mutex
	closed []string
	said   []bus.CloseSockets
}

func (r *relay) Open(ctx context.Context, req bus.OpenRequest) (bus.OpenReply, error) {
	return r.open(ctx, req)
}

func (r *relay) Close(c bus.CloseSockets) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = append(r.closed, c.Sockets...)
	r.said = append(r.said, c)
}

// told lists the sockets that it was told to close.
func (r *relay) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.closed)
}

// serve runs the relay as a node until the test, or the function that it returns,
// ends it.
func serve(t *testing.T, b Bus, node string, r *relay) (end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- b.Serve(ctx, node, r, func() { close(ready) }) }()
	end = sync.OnceFunc(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve returned %v when its context ended", err)
		}
	})
	t.Cleanup(end)
	select {
	case <-ready:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s does not serve", node)
	}
	return end
}

func announce(t *testing.T, b Bus, n bus.Node) {
	t.Helper()
	if err := b.Announce(t.Context(), n); err != nil {
		t.Fatalf("announce %s: %v", n.ID, err)
	}
}

// eventually waits for a condition: what one process says of itself, the others hear a
// moment later.
func eventually(t *testing.T, what func() string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		wrong := what()
		if wrong == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(wrong)
		}
		<-tick.C
	}
}

// listed waits until the nodes are those.
func listed(t *testing.T, b Bus, want ...bus.Node) {
	t.Helper()
	eventually(t, func() string {
		list, err := b.Nodes(t.Context())
		if err != nil {
			return fmt.Sprintf("nodes: %v", err)
		}
		slices.SortFunc(list, func(a, b bus.Node) int { return strings.Compare(a.ID, b.ID) })
		if !slices.Equal(list, want) {
			return fmt.Sprintf("nodes (-want +got):\n%s", cmp.Diff(want, list))
		}
		return ""
	})
}

func testNodes(t *testing.T, b Bus, _ func(*testing.T)) {
	want := []bus.Node{
		{ID: "a", Host: "a.example.com", Wildcard: true, Load: 1, Capacity: 2, Draining: true, Zone: "z", Version: "v", Report: 3},
		{ID: "b", Host: "b.example.com:9001"},
	}
	announce(t, b, bus.Node{ID: "a", Host: "old.example.com"})
	announce(t, b, want[1])
	announce(t, b, want[0])
	listed(t, b, want...)
}

func testLapse(t *testing.T, b Bus, lapse func(*testing.T)) {
	announce(t, b, bus.Node{ID: "a"})
	listed(t, b, bus.Node{ID: "a"})
	lapse(t)
	announce(t, b, bus.Node{ID: "b"})
	listed(t, b, bus.Node{ID: "b"})
}

func testWithdraw(t *testing.T, b Bus, _ func(*testing.T)) {
	announce(t, b, bus.Node{ID: "a"})
	listed(t, b, bus.Node{ID: "a"})
	if err := b.Withdraw(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	listed(t, b)
}

func testOpen(t *testing.T, b Bus, _ func(*testing.T)) {
	want := bus.OpenRequest{
		Target: "ws://example.com/", Protocols: []string{"x", "y"}, Origin: "https://a.example", UserAgent: "u",
		Leases: []bus.Lease{{Limit: "token:t", ID: "1"}}, Key: "k", Token: "t",
	}
	got := make(chan bus.OpenRequest, 1)
	serve(t, b, "a", &relay{open: func(_ context.Context, r bus.OpenRequest) (bus.OpenReply, error) {
		got <- r
		return bus.OpenReply{Socket: "s", Protocol: "y"}, nil
	}})
	reply, err := b.Open(t.Context(), "a", want)
	if err != nil || reply != (bus.OpenReply{Socket: "s", Protocol: "y"}) {
		t.Errorf("open: %v, %v", reply, err)
	}
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func testError(t *testing.T, b Bus, _ func(*testing.T)) {
	want := &wire.Error{Code: wire.RateLimited, Message: "too often", Wait: 1500 * time.Millisecond}
	serve(t, b, "a", &relay{open: func(context.Context, bus.OpenRequest) (bus.OpenReply, error) {
		return bus.OpenReply{}, want
	}})
	_, err := b.Open(t.Context(), "a", bus.OpenRequest{})
	var got *wire.Error
	if !errors.As(err, &got) || *got != *want {
		t.Errorf("open: %#v, want %#v", err, want)
	}
}

func testDeclined(t *testing.T, b Bus, _ func(*testing.T)) {
	serve(t, b, "a", &relay{open: func(context.Context, bus.OpenRequest) (bus.OpenReply, error) {
		return bus.OpenReply{}, fmt.Errorf("full: %w", bus.ErrDeclined)
	}})
	if _, err := b.Open(t.Context(), "a", bus.OpenRequest{}); !errors.Is(err, bus.ErrDeclined) {
		t.Errorf("open: %v, want %v", err, bus.ErrDeclined)
	}
}

func testEnded(t *testing.T, b Bus, _ func(*testing.T)) {
	end := serve(t, b, "a", &relay{})
	end()
	if _, err := b.Open(t.Context(), "a", bus.OpenRequest{}); !errors.Is(err, bus.ErrDeclined) {
		t.Errorf("open: %v, want %v", err, bus.ErrDeclined)
	}
	serve(t, b, "a", &relay{open: func(context.Context, bus.OpenRequest) (bus.OpenReply, error) {
		return bus.OpenReply{Socket: "s"}, nil
	}})
	if reply, err := b.Open(t.Context(), "a", bus.OpenRequest{}); err != nil || reply.Socket != "s" {
		t.Errorf("open where it serves again: %v, %v", reply, err)
	}
}

func testNoNode(t *testing.T, b Bus, _ func(*testing.T)) {
	if _, err := b.Open(t.Context(), "nobody", bus.OpenRequest{}); !errors.Is(err, bus.ErrDeclined) {
		t.Errorf("open: %v, want %v", err, bus.ErrDeclined)
	}
}

func testCut(t *testing.T, b Bus, _ func(*testing.T)) {
	asked, cut := make(chan struct{}), make(chan struct{})
	serve(t, b, "a", &relay{open: func(ctx context.Context, _ bus.OpenRequest) (bus.OpenReply, error) {
		close(asked)
		<-ctx.Done()
		close(cut)
		return bus.OpenReply{}, ctx.Err()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := b.Open(ctx, "a", bus.OpenRequest{}); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	select {
	case <-cut:
	case <-time.After(10 * time.Second):
		t.Error("the node was not told")
	}
}

// The target has answered when the asker leaves. Either the asker still hears of the
// socket, or it is closed.
func testCutLate(t *testing.T, b Bus, _ func(*testing.T)) {
	asked := make(chan struct{})
	r := &relay{open: func(ctx context.Context, _ bus.OpenRequest) (bus.OpenReply, error) {
		close(asked)
		<-ctx.Done()
		return bus.OpenReply{Socket: "s"}, nil
	}}
	serve(t, b, "a", r)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if reply, err := b.Open(ctx, "a", bus.OpenRequest{}); err == nil {
		if reply.Socket != "s" {
			t.Errorf("open: %v", reply)
		}
		return
	}
	eventually(t, func() string {
		if got := r.told(); !slices.Equal(got, []string{"s"}) {
			return fmt.Sprintf("told to close %v", got)
		}
		return ""
	})
}

func testTell(t *testing.T, b Bus, _ func(*testing.T)) {
	a, other := &relay{}, &relay{}
	serve(t, b, "a", a)
	serve(t, b, "b", other)
	if err := b.Tell(t.Context(), "a", bus.CloseSockets{Sockets: []string{"1", "2"}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		if got := a.told(); !slices.Equal(got, []string{"1", "2"}) {
			return fmt.Sprintf("a was told to close %v", got)
		}
		return ""
	})
	if got := other.told(); len(got) > 0 {
		t.Errorf("b was told to close %v", got)
	}
	want := bus.CloseSockets{Keys: []string{"k"}, Tokens: []string{"t", "u"}, Code: 1008, Reason: "the key was revoked"}
	if err := b.Tell(t.Context(), "b", want); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		other.mu.Lock()
		defer other.mu.Unlock()
		return cmp.Diff([]bus.CloseSockets{want}, other.said, cmpopts.EquateEmpty())
	})
}

func testMany(t *testing.T, b Bus, _ func(*testing.T)) {
	serve(t, b, "a", &relay{open: func(_ context.Context, r bus.OpenRequest) (bus.OpenReply, error) {
		return bus.OpenReply{Socket: r.Target}, nil
	}})
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			target := string(rune('0' + i))
			if reply, err := b.Open(t.Context(), "a", bus.OpenRequest{Target: target}); err != nil || reply.Socket != target {
				t.Errorf("open %q: %v, %v", target, reply, err)
			}
		})
	}
	wg.Wait()
}

func testAlive(t *testing.T, b Bus, _ func(*testing.T)) {
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	for _, n := range []bus.Node{{ID: "a", Host: "a.example"}, {ID: "b", Host: "b.example"}} {
		announce(t, b, n)
		wg.Go(func() { // as relays do, as long as they live
			for tick := time.NewTicker(bus.NodeLease / 5); ; {
				select {
				case <-tick.C:
					_ = b.Announce(ctx, n)
				case <-ctx.Done():
					tick.Stop()
					return
				}
			}
		})
	}
	serve(t, b, "a", &relay{})
	alive := func(host string, want bool) {
		t.Helper()
		eventually(t, func() string { // a bus that has just begun cannot tell yet
			alive, err := b.Alive(t.Context(), func(n bus.Node) bool { return n.Host == host })
			if err != nil {
				return fmt.Sprintf("alive %s: %v", host, err)
			}
			if alive != want {
				return fmt.Sprintf("alive %s: %v", host, alive)
			}
			return ""
		})
	}
	alive("a.example", true)
	alive("b.example", false) // does not serve
	alive("c.example", false) // was never announced
}
