package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/polysocket/polysocket/test/lossless"
	"github.com/polysocket/polysocket/test/process"
)

// A caller is a client that has a socket, by which messages go both ways until it is told to stop. Each must arrive once
// and in order. When the relay closes the socket because it restarts, or has died, the caller opens another.
type caller struct {
	cluster *cluster
	seed    uint64
	targets targets
	stop    <-chan struct{}

	on   atomic.Pointer[node] // the relay that has its socket
	came atomic.Int64         // messages, over all its sockets
	lost atomic.Int64         // sockets, for whatever reason
}

// pace is the time between two messages of a caller.
const pace = 100 * time.Millisecond

// errGone is what routers say of the relay.
var errGone = errors.New("the relay is not there any more")

// run calls until it is told to stop.
func (c *caller) run(ctx context.Context) error {
	for n := uint64(0); !stopped(c.stop); n++ {
		t := c.targets(c.seed + n<<32)
		created, err := c.open(ctx, t.url)
		if err == nil && created.Socket != "" {
			err = c.talk(ctx, t, created, c.seed+n<<32)
		}
		t.stop()
		if err != nil {
			return fmt.Errorf("seed %d, socket %d: %w", c.seed, n, err)
		}
	}
	return nil
}

// open asks the routers, in turn, until one has opened a socket. It gives up when it is told to stop.
func (c *caller) open(ctx context.Context, target string) (a answer, err error) {
	routers := c.cluster.routers
	for i := rand.IntN(len(routers)); !stopped(c.stop); i++ {
		n := routers[i%len(routers)]
		a, err := n.create(ctx, target)
		switch {
		case err == nil && a.status == http.StatusOK:
			return a, nil
		case err != nil && !n.killed.Load() && ctx.Err() == nil:
			return a, fmt.Errorf("%s does not answer: %w", n.name(), err)
		case err == nil && (a.status != http.StatusServiceUnavailable || a.Code != "no_relay"):
			return a, fmt.Errorf("%s answers %d %s: %s", n.name(), a.status, a.Code, a.Error)
		}
		if err := pause(ctx, pace); err != nil {
			return a, err
		}
	}
	return answer{}, nil
}

// talk sends and reads by one socket until its close.
func (c *caller) talk(ctx context.Context, t target, created answer, seed uint64) error {
	relay := c.cluster.relayOf(created.Polysocketd)
	if relay == nil {
		return fmt.Errorf("polysocketd is %q, which no relay has", created.Polysocketd)
	}
	c.on.Store(relay)
	var sent, arrived atomic.Uint64
	var closed *lossless.Message
	tick := time.NewTicker(pace)
	defer tick.Stop()
	finished := false
	stats, err := lossless.Run(ctx, lossless.Options{
		Base: c.cluster.scheme + "://" + created.Polysocketd, Socket: created.Socket, HTTP: c.cluster.http, Seed: seed, Strict: true, Patience: process.Patience,
		Up:   []lossless.Up{lossless.Batch, lossless.Single, lossless.Form, lossless.Script, lossless.Streamed},
		Down: []lossless.Down{lossless.Poll, lossless.ScriptPoll, lossless.Frames, lossless.Events, lossless.Many, lossless.ScriptMany, lossless.ManyStream},
		Lost: func(ctx context.Context) error { return c.ask(ctx, created.Polysocketd) },
		Next: func(ctx context.Context) (lossless.Message, bool) {
			for !finished && ctx.Err() == nil {
				select {
				case <-tick.C:
				case <-ctx.Done():
				}
				switch {
				case !stopped(c.stop):
					return t.up(sent.Add(1)), true
				case !t.echoes || arrived.Load() == sent.Load():
					finished = true
					return lossless.Message{Kind: lossless.Close, Code: 1000, Reason: "done"}, true
				}
			}
			return lossless.Message{}, false
		},
		Arrived: func(n uint64, m lossless.Message) error {
			switch before := arrived.Load(); {
			case m.Kind == lossless.Close:
				closed = &m
				return nil
			case t.echoes && n > sent.Load():
				return fmt.Errorf("message %d came, and %d were sent: %v", n, sent.Load(), m)
			case n == before+1:
				arrived.Store(n)
				c.came.Add(1)
			}
			if want := t.down(n); want.Kind != m.Kind || !bytes.Equal(want.Data, m.Data) {
				return fmt.Errorf("in place of message %d came another: got %v, want %v", n, m, want)
			}
			return nil
		},
	})
	c.lost.Add(1)
	code := 1006
	switch {
	case closed != nil && (err == nil || errors.Is(err, errGone)): // the relay has ended once its close was read
		code = closed.Code
	case !errors.Is(err, errGone):
		return fmt.Errorf("at %s: %w", relay.name(), err)
	}
	c.cluster.ended(stats, code)
	return c.judge(ctx, t, relay, stats, arrived.Load(), code)
}

// judge says whether a socket may have ended so.
func (c *caller) judge(ctx context.Context, t target, relay *node, s lossless.Stats, arrived uint64, code int) error {
	ctx, cancel := context.WithTimeout(ctx, process.Patience)
	defer cancel()
	switch {
	case code == 1000 && !stopped(c.stop), code == 1012 && !relay.drained.Load(), code == 1006 && !relay.killed.Load(),
		code != 1000 && code != 1012 && code != 1006:
		return fmt.Errorf("its socket at %s ended with %d after %d messages, without a reason", relay.name(), code, arrived)
	case code != 1006 && t.echoes && arrived < uint64(s.Passed):
		return fmt.Errorf("%d messages were answered 201, and %d came back before the close", s.Passed, arrived)
	}
	return t.ended(ctx, s, arrived, code)
}

// ask finds out what a client has to know whose request was lost: whether the relay is there at all.
func (c *caller) ask(ctx context.Context, polysocketd string) error {
	for _, n := range c.cluster.routers {
		if alive, known := n.alive(ctx, polysocketd); known && !alive {
			return errGone
		} else if known {
			break
		}
	}
	return pause(ctx, pace)
}

func stopped(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// pause waits before something is tried again.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
