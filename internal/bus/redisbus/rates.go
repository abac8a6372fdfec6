package redisbus

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// Take implements bus.Relays and bus.Routers: it is one command. Where it fails it may
// have counted.
func (b *Bus) Take(ctx context.Context, rates []bus.Rate) (time.Duration, error) {
	if len(rates) == 0 {
		return 0, nil
	}
	take := call{script: takeScript}
	for _, r := range rates {
		take.keys = append(take.keys, rateKey(r.Name))
		take.args = append(take.args, strconv.FormatInt(max(r.Every.Microseconds(), 1), 10), strconv.Itoa(max(r.Burst, 1)))
	}
	wait, err := b.batch(ctx, []call{take})
	if err != nil {
		return 0, fmt.Errorf("count towards rates: %w", err)
	}
	return time.Duration(wait) * time.Microsecond, nil
}
