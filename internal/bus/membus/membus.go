// Package membus is the bus of a single process: a map and function calls.
package membus

import (
	"context"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// A Bus joins the routers and relays of one process. Make it with New.
type Bus struct {
	mu       sync.Mutex
	leases   map[string]lease
	handlers map[string]bus.Handler
}

type lease struct {
	node  bus.Node
	until time.Time
}

// New makes a bus without nodes.
func New() *Bus {
	return &Bus{leases: make(map[string]lease), handlers: make(map[string]bus.Handler)}
}

// Announce implements bus.Routers.
func (b *Bus) Announce(_ context.Context, n bus.Node) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.leases[n.ID] = lease{n, time.Now().Add(bus.LeaseTime)}
	return nil
}

// Withdraw implements bus.Routers.
func (b *Bus) Withdraw(_ context.Context, node string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.leases, node)
	return nil
}

// Serve implements bus.Routers.
func (b *Bus) Serve(ctx context.Context, node string, h bus.Handler, ready func()) error {
	b.mu.Lock()
	b.handlers[node] = h
	b.mu.Unlock()
	ready()
	<-ctx.Done()
	b.mu.Lock()
	delete(b.handlers, node)
	b.mu.Unlock()
	return ctx.Err()
}

// Nodes implements bus.Relays.
func (b *Bus) Nodes(context.Context) ([]bus.Node, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	nodes := make([]bus.Node, 0, len(b.leases))
	for id, l := range b.leases {
		if now.After(l.until) {
			delete(b.leases, id)
			continue
		}
		nodes = append(nodes, l.node)
	}
	return nodes, nil
}

// Open implements bus.Relays.
func (b *Bus) Open(ctx context.Context, node string, r bus.OpenRequest) (bus.OpenReply, error) {
	h := b.handler(node)
	if h == nil {
		return bus.OpenReply{}, bus.Unavailable()
	}
	return h.Open(ctx, r)
}

// Tell implements bus.Relays.
func (b *Bus) Tell(_ context.Context, node string, c bus.CloseSockets) error {
	if h := b.handler(node); h != nil {
		h.Close(c)
	}
	return nil
}

func (b *Bus) handler(node string) bus.Handler {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.handlers[node]
}
