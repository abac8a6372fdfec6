package redisbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/polysocket/polysocket/internal/bus"
)

// PutTicket implements bus.Tickets.
func (b *Bus) PutTicket(ctx context.Context, hash string, data []byte, lasts time.Duration) error {
	locked := b.vault.lock(storingTicket, hash, uint64(b.vault.now().UnixMilli()), data)
	err := b.once(ctx, func(c rueidis.Client) rueidis.Completed {
		return c.B().Set().Key(ticketKey(hash)).Value(locked).Px(max(lasts, time.Millisecond)).Build()
	}).Error()
	if err != nil {
		return fmt.Errorf("keep a ticket: %w", err)
	}
	return nil
}

// TakeTicket implements bus.Tickets. A failover may forget that a ticket was taken.
func (b *Bus) TakeTicket(ctx context.Context, hash string) ([]byte, error) {
	locked, err := b.once(ctx, func(c rueidis.Client) rueidis.Completed { return c.B().Getdel().Key(ticketKey(hash)).Build() }).ToString()
	switch {
	case rueidis.IsRedisNil(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("take a ticket: %w", err)
	}
	ms, data, err := b.vault.unlock(storingTicket, hash, locked)
	if err == nil {
		// Should somebody put it back that has been taken.
		if age := b.vault.now().Sub(time.UnixMilli(int64(ms))); age > bus.TicketTTL+sealedFor || age < -sealedFor {
			err = errors.New("it is from another time: the clocks differ, or somebody repeats what was said")
		}
	}
	if err != nil {
		b.dropped.note("a ticket", err)
		return nil, nil
	}
	return data, nil
}

// once runs a command in whichever server of a Cluster has its key: it is sent once.
// It returns when ctx ends, also where the library waits for room.
func (b *Bus) once(ctx context.Context, command func(rueidis.Client) rueidis.Completed) rueidis.RedisResult {
	if _, err := b.current(ctx); err != nil { // it is away: no need to wait for that
		return rueidis.NewErrorResult(err)
	}
	client := b.client.Load()
	if client == nil {
		return rueidis.NewErrorResult(errNotYet)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	done := make(chan rueidis.RedisResult, 1)
	go func() { done <- (*client).Do(ctx, command(*client)) }()
	select {
	case r := <-done:
		return r
	case <-ctx.Done():
		return rueidis.NewErrorResult(fmt.Errorf("redis has not answered: %w", ctx.Err()))
	}
}
