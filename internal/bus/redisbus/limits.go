package redisbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/rueidis"

	"github.com/polysocket/polysocket/internal/bus"
)

// perCommand is how many places one command renews or gives back: Redis does nothing
// else meanwhile.
const perCommand = 500

// Acquire implements bus.Relays. Where it fails the place may be taken, and lapses.
func (b *Bus) Acquire(ctx context.Context, l bus.Lease, most int) (bool, error) {
	args := []string{l.ID, millis(bus.LimitLease), strconv.Itoa(most)}
	taken, err := b.batch(ctx, []call{{acquireScript, []string{limitKey(l.Limit)}, args}})
	if err != nil {
		return false, fmt.Errorf("take a place within a limit: %w", err)
	}
	return taken == 1, nil
}

// Renew implements bus.Routers.
func (b *Bus) Renew(ctx context.Context, leases []bus.Lease) error {
	var calls []call
	for limit, ids := range byLimit(leases) {
		for some := range slices.Chunk(ids, perCommand) {
			calls = append(calls, call{renewScript, []string{limitKey(limit)}, append([]string{millis(bus.LimitLease)}, some...)})
		}
	}
	if _, err := b.batch(ctx, calls); err != nil {
		return fmt.Errorf("renew places within limits: %w", err)
	}
	return nil
}

// Release implements bus.Relays and bus.Routers.
func (b *Bus) Release(ctx context.Context, leases []bus.Lease) error {
	var calls []call
	for limit, ids := range byLimit(leases) {
		for some := range slices.Chunk(ids, perCommand) {
			calls = append(calls, call{releaseScript, []string{limitKey(limit)}, some})
		}
	}
	if _, err := b.batch(ctx, calls); err != nil {
		return fmt.Errorf("give places within limits back: %w", err)
	}
	return nil
}

func byLimit(leases []bus.Lease) map[string][]string {
	ids := make(map[string][]string)
	for _, l := range leases {
		ids[l.Limit] = append(ids[l.Limit], l.ID)
	}
	return ids
}

// A call is a script that is run on keys of one slot.
type call struct {
	script     script
	keys, args []string
}

// batch runs scripts at once, each in whichever server of a Cluster has its keys, and
// sums up what they return.
func (b *Bus) batch(ctx context.Context, calls []call) (int64, error) {
	if len(calls) == 0 {
		return 0, nil
	}
	if _, err := b.current(ctx); err != nil { // it is away: no need to wait for that
		return 0, err
	}
	client := b.client.Load()
	if client == nil {
		return 0, errNotYet
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	results, err := multi(ctx, *client, calls, script.evalsha)
	if err != nil {
		return 0, err
	}
	var again []call
	var sum int64
	var failed []error
	count := func(r rueidis.RedisResult) {
		n, err := r.AsInt64()
		sum += n
		if err != nil {
			failed = append(failed, err)
		}
	}
	for i, r := range results {
		if unknown(r) {
			again = append(again, calls[i])
		} else {
			count(r)
		}
	}
	if len(again) > 0 {
		if results, err = multi(ctx, *client, again, script.eval); err != nil {
			return sum, err
		}
		for _, r := range results {
			count(r)
		}
	}
	return sum, errors.Join(failed...)
}

// multi sends the calls together. It returns when ctx ends, also where the library
// waits for room.
func multi(
	ctx context.Context, client rueidis.Client, calls []call, by func(script, rueidis.Builder, []string, []string) rueidis.Completed,
) ([]rueidis.RedisResult, error) {
	commands := make(rueidis.Commands, 0, len(calls))
	for _, c := range calls {
		commands = append(commands, by(c.script, client.B(), c.keys, c.args))
	}
	done := make(chan []rueidis.RedisResult, 1)
	go func() { done <- client.DoMulti(ctx, commands...) }()
	select {
	case results := <-done:
		return results, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("redis has not answered: %w", ctx.Err())
	}
}
