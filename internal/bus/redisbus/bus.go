// Package redisbus is the bus of many processes: routers and relays that meet in
// Redis, or Valkey, whether it stands alone, under Sentinel, or as a Cluster.
//
// Nothing here depends on Redis's being there: it is connected to in the
// background, what needs it fails within a second or two while it is away, and all
// works again by itself when it is back, whatever it has forgotten.
package redisbus

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// Options are what a Bus works with.
type Options struct {
	// URL says where Redis is, in a form that CheckURL accepts.
	URL string
	// Secret is what the processes of one cluster have in common, and nobody else
	// knows. What is not signed by it is not acted on.
	Secret string
	// Log is required. What is logged is that Redis is lost and is back, and that
	// something was dropped: once, not for each try.
	Log *slog.Logger
}

// A Bus is one process's way into Redis, for its router, its relay, or both. Make it
// with New, and end it with Close.
type Bus struct {
	log     *slog.Logger
	redis   rueidis.ClientOption
	cluster bool
	seal    sealer
	vault   vault
	id      string // names this process, as the one that answers go to

	life  context.Context // ends with Close
	end   context.CancelFunc
	work  sync.WaitGroup // the goroutines of the bus
	tried chan struct{}  // closed when Redis has been found, or not, for the first time

	client atomic.Pointer[rueidis.Client] // nil until Redis has been there

	mu      sync.Mutex
	line    *line              // nil while Redis is away
	cause   error              // why it is
	serving map[string]*server // by the node's id
	asking  bool               // it asks, so its answers have to come by every line
	watches map[*watch]bool    // of the keys

	list    list
	asked   asked
	dropped dropped
}

// New makes a bus. It does not wait for Redis; an error says what is wrong with the
// URL or the secret.
func New(o Options) (*Bus, error) {
	redis, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if err := CheckSecret(o.Secret); err != nil {
		return nil, err
	}
	b := &Bus{
		log: o.Log, redis: redis, cluster: isCluster(redis), seal: newSealer(o.Secret), vault: newVault(o.Secret), id: rand.Text(),
		tried: make(chan struct{}), cause: errNotYet, serving: make(map[string]*server), watches: make(map[*watch]bool),
		asked: newAsked(), dropped: dropped{log: o.Log},
	}
	b.life, b.end = context.WithCancel(context.Background())
	b.redis.DialCtxFn = b.dial
	b.work.Go(b.run)
	return b, nil
}

// Close ends the bus: what waits for Redis fails, and what is served is not any
// more. It returns when nothing of it runs.
func (b *Bus) Close() {
	b.mu.Lock() // who starts something sees it before, or does not
	b.end()
	b.mu.Unlock()
	b.work.Wait()
}

// within bounds one command: what a Redis that is there needs, and no more.
const within = time.Second

// current is the line that works. Before the first try has succeeded or failed, it
// waits for that.
func (b *Bus) current(ctx context.Context) (*line, error) {
	select {
	case <-b.tried:
	default:
		timer := time.NewTimer(within)
		defer timer.Stop()
		select {
		case <-b.tried:
		case <-timer.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.line == nil {
		return nil, b.cause
	}
	return b.line, nil
}
