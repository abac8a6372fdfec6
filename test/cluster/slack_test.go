package cluster

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// A yardstick says how slow the machine is: it has seen how long routers took for an answer that costs nothing.
type yardstick struct {
	mu    sync.Mutex
	taken []taken
}

type taken struct {
	at   time.Time // when the answer was there
	time time.Duration
}

// measure measures until ctx ends.
func (c *cluster) measure(ctx context.Context) {
	for pause(ctx, pace) == nil {
		for _, n := range c.routers {
			began := time.Now()
			if n.health("/healthz") != http.StatusOK {
				continue
			}
			c.yardstick.mu.Lock()
			c.yardstick.taken = append(c.yardstick.taken, taken{time.Now(), time.Since(began)})
			c.yardstick.mu.Unlock()
		}
	}
}

// steps is how many times a process has to be given the processor for what is promised within a time, about.
const steps = 6

// slack is what a promise is to be given besides its time, for what began at a time: nothing, but on a machine that has more
// to do than it can.
func (c *cluster) slack(since time.Time) (slack time.Duration) {
	c.yardstick.mu.Lock()
	defer c.yardstick.mu.Unlock()
	for _, t := range c.yardstick.taken {
		if t.at.After(since) {
			slack = max(slack, steps*t.time)
		}
	}
	return slack
}
