package redisbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// errUnsettled says that who has not been heard of may not have been able to speak.
var errUnsettled = errors.New("redis has not been there for long enough to tell")

// Alive implements bus.Relays.
func (b *Bus) Alive(ctx context.Context, match func(bus.Node) bool) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*answerWithin)
	defer cancel()
	nodes, err := b.Nodes(ctx)
	if err != nil {
		return false, err
	}
	l, err := b.answering(ctx)
	if err != nil {
		return false, fmt.Errorf("ask whether a relay is alive: %w", err)
	}
	type result struct {
		alive bool
		err   error
	}
	asked := 0
	results := make(chan result, len(nodes))
	for _, n := range nodes {
		if match(n) {
			asked++
			go func() {
				alive, err := b.ping(ctx, l, n.ID)
				results <- result{alive, err}
			}()
		}
	}
	var failed error
	for range asked {
		r := <-results
		if r.alive {
			return true, nil
		}
		failed = errors.Join(failed, r.err)
	}
	if failed == nil && !b.list.settled() {
		failed = errUnsettled
	}
	if failed != nil {
		return false, fmt.Errorf("ask whether a relay is alive: %w", failed)
	}
	return false, nil
}

// ping asks a relay for a sign of life.
func (b *Bus) ping(ctx context.Context, l *line, node string) (bool, error) {
	id, answers := b.asked.expect()
	defer b.asked.done(id)
	late := time.NewTimer(answerWithin)
	defer late.Stop()
	channel, message := b.sealQuestion(node, question{Kind: ping, ID: id, Router: b.id})
	if n, err := l.publish(ctx, channel, message); err != nil || n == 0 {
		return false, err
	}
	select {
	case <-answers:
		return true, nil
	case <-late.C:
		return false, nil
	case <-l.down:
		return false, l.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}
