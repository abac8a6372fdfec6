// Package membus is the bus of a single process: a map and function calls.
package membus

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// A Bus joins the routers and relays of one process. Make it with New.
type Bus struct {
	mu       sync.Mutex
	nodes    map[string]announced
	handlers map[string]bus.Handler
	limits   map[string]map[string]time.Time // by what is limited, and the lease's id, until when
	keys     map[string]bus.KeyRecord        // by the key's id
	watches  map[*func()]bool                // of the keys
	tickets  map[string]ticket               // by the hash of its text
	rates    rates
}

type announced struct {
	node  bus.Node
	until time.Time
}

// New makes a bus without nodes.
func New() *Bus {
	return &Bus{
		nodes: make(map[string]announced), handlers: make(map[string]bus.Handler), limits: make(map[string]map[string]time.Time),
		keys: make(map[string]bus.KeyRecord), watches: make(map[*func()]bool), tickets: make(map[string]ticket),
	}
}

// Announce implements bus.Routers.
func (b *Bus) Announce(_ context.Context, n bus.Node) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes[n.ID] = announced{n, time.Now().Add(bus.NodeLease)}
	return nil
}

// Withdraw implements bus.Routers.
func (b *Bus) Withdraw(_ context.Context, node string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.nodes, node)
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
	nodes := make([]bus.Node, 0, len(b.nodes))
	for id, a := range b.nodes {
		if now.After(a.until) {
			delete(b.nodes, id)
			continue
		}
		nodes = append(nodes, a.node)
	}
	return nodes, nil
}

// Alive implements bus.Relays.
func (b *Bus) Alive(ctx context.Context, match func(bus.Node) bool) (bool, error) {
	nodes, err := b.Nodes(ctx)
	return err == nil && slices.ContainsFunc(nodes, func(n bus.Node) bool { return match(n) && b.handler(n.ID) != nil }), err
}

// Open implements bus.Relays.
func (b *Bus) Open(ctx context.Context, node string, r bus.OpenRequest) (bus.OpenReply, error) {
	h := b.handler(node)
	if h == nil {
		return bus.OpenReply{}, bus.ErrDeclined
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

// Acquire implements bus.Relays.
func (b *Bus) Acquire(_ context.Context, l bus.Lease, most int) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	held := b.limits[l.Limit]
	maps.DeleteFunc(held, func(_ string, until time.Time) bool { return now.After(until) })
	if len(held) >= most {
		return false, nil
	}
	b.hold(l, now)
	return true, nil
}

// Renew implements bus.Routers.
func (b *Bus) Renew(_ context.Context, leases []bus.Lease) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for _, l := range leases {
		b.hold(l, now)
	}
	return nil
}

func (b *Bus) hold(l bus.Lease, now time.Time) {
	if b.limits[l.Limit] == nil {
		b.limits[l.Limit] = make(map[string]time.Time)
	}
	b.limits[l.Limit][l.ID] = now.Add(bus.LimitLease)
}

// Release implements bus.Relays and bus.Routers.
func (b *Bus) Release(_ context.Context, leases []bus.Lease) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range leases {
		if delete(b.limits[l.Limit], l.ID); len(b.limits[l.Limit]) == 0 {
			delete(b.limits, l.Limit)
		}
	}
	return nil
}

func (b *Bus) handler(node string) bus.Handler {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.handlers[node]
}
