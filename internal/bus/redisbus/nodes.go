package redisbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

const (
	// listEvery is how often a router has the nodes listed, and anybody sees whether
	// Redis is there.
	listEvery = 500 * time.Millisecond
	// listHolds is how old a list may be that is picked from.
	listHolds = 3 * time.Second
)

// Announce implements bus.Routers.
func (b *Bus) Announce(ctx context.Context, n bus.Node) error {
	record, err := json.Marshal(n)
	if err != nil {
		return err
	}
	l, err := b.current(ctx)
	if err != nil {
		return fmt.Errorf("announce %s: %w", n.ID, err)
	}
	args := []string{n.ID, b.seal.seal(announcing, n.ID, record), millis(bus.NodeLease)}
	if err := l.run(ctx, announceScript, []string{nodesKey, leasesKey}, args).Error(); err != nil {
		return fmt.Errorf("announce %s: %w", n.ID, err)
	}
	if !l.compared.Swap(true) {
		// Who has another secret than the others is not told by them: it sees what they
		// have announced, and the log says it. Where this fails nothing is amiss.
		_, _ = b.announced(ctx, l)
	}
	return nil
}

// Withdraw implements bus.Routers.
func (b *Bus) Withdraw(ctx context.Context, node string) error {
	l, err := b.current(ctx)
	if err != nil {
		return fmt.Errorf("withdraw %s: %w", node, err)
	}
	// The hash first: what is left where the second does not come lapses.
	err = errors.Join(
		l.do(ctx, l.client.B().Hdel().Key(nodesKey).Field(node).Build()).Error(),
		l.do(ctx, l.client.B().Zrem().Key(leasesKey).Member(node).Build()).Error(),
	)
	if err != nil {
		return fmt.Errorf("withdraw %s: %w", node, err)
	}
	return nil
}

// A list is what was last heard of the nodes.
type list struct {
	wanted atomic.Bool // somebody has asked, so it is kept fresh
	first  sync.Mutex  // held by who has it made for the first time

	mu    sync.Mutex
	nodes map[string]bus.Node
	at    time.Time // when they were listed; zero: never
	since time.Time // from when on there was no gap; zero: there is one now
}

// interrupt notes that Redis is away: who has lapsed meanwhile has perhaps had no way
// to say that they live.
func (l *list) interrupt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since = time.Time{}
}

// settled tells whether each node that lives has had the time to say so since Redis
// has been there.
func (l *list) settled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.since.IsZero() && time.Since(l.since) > bus.NodeLease
}

// fresh copies the list, unless it is too old.
func (l *list) fresh() ([]bus.Node, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at.IsZero() || time.Since(l.at) > listHolds {
		return nil, false
	}
	nodes := make([]bus.Node, 0, len(l.nodes))
	for _, n := range l.nodes {
		nodes = append(nodes, n)
	}
	return nodes, true
}

// Nodes implements bus.Relays. The first call has the nodes listed from then on.
func (b *Bus) Nodes(ctx context.Context) ([]bus.Node, error) {
	if nodes, ok := b.list.fresh(); ok {
		return nodes, nil
	}
	if err := b.listFirst(ctx); err != nil {
		return nil, fmt.Errorf("list the relays: %w", err)
	}
	if nodes, ok := b.list.fresh(); ok {
		return nodes, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.line == nil {
		return nil, fmt.Errorf("list the relays: %w", b.cause)
	}
	return nil, errors.New("list the relays: the list is too old")
}

// listFirst has the nodes listed where nobody has wanted that before.
func (b *Bus) listFirst(ctx context.Context) error {
	b.list.first.Lock()
	defer b.list.first.Unlock()
	if b.list.wanted.Load() {
		return nil
	}
	b.list.wanted.Store(true)
	l, err := b.current(ctx)
	if err != nil {
		return err
	}
	return b.listNodes(ctx, l)
}

// beat sees whether the line is of use: it leads to a master that writes. A master
// that another has replaced may write on for a while; all are to leave it at once.
func (b *Bus) beat(l *line) error {
	if c := b.client.Load(); c != nil && masterOf(*c) != l.master {
		return errors.New("the sentinels have chosen another master")
	}
	if b.list.wanted.Load() {
		return b.listNodes(b.life, l)
	}
	return l.do(b.life, touch(l.client)).Error()
}

// listNodes has the nodes listed.
func (b *Bus) listNodes(ctx context.Context, l *line) error {
	nodes, err := b.announced(ctx, l)
	if err != nil {
		return err
	}
	b.list.take(nodes, time.Now())
	return nil
}

// announced are the nodes whose announcements hold. The others are dropped, which the log
// says by the name that they give themselves.
func (b *Bus) announced(ctx context.Context, l *line) ([]bus.Node, error) {
	records, err := l.run(ctx, listScript, []string{nodesKey, leasesKey}, nil).AsStrSlice()
	if err != nil {
		return nil, err
	}
	nodes := make([]bus.Node, 0, len(records))
	for _, sealed := range records {
		n, err := b.readNode(sealed)
		if err != nil {
			b.dropped.note("an announcement", err, "relay", shorten(n.ID), "host", shorten(n.Host))
			continue
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// shorten cuts what somebody says whom nobody has verified, for the log.
func shorten(said string) string {
	const most = 64
	if len(said) > most {
		return strings.ToValidUTF8(said[:most], "") + "…"
	}
	return said
}

// readNode reads an announcement. It is sealed for the node that it names: so nothing
// need be known to read it, and it says nothing of another. With an error it is what
// somebody says who is not verified.
func (b *Bus) readNode(sealed string) (bus.Node, error) {
	var n bus.Node
	if err := json.Unmarshal(said(sealed), &n); err != nil {
		return n, errSeal
	}
	_, err := b.seal.unseal(announcing, n.ID, sealed)
	return n, err
}

// take makes the list of what was announced. An announcement older than what is known
// of its node changes nothing: somebody repeats it.
func (l *list) take(nodes []bus.Node, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.nodes
	l.nodes = make(map[string]bus.Node, len(nodes))
	for _, n := range nodes {
		if old, ok := known[n.ID]; ok && old.Report > n.Report {
			n = old
		}
		l.nodes[n.ID] = n
	}
	l.at = now
	if l.since.IsZero() {
		l.since = now
	}
}
