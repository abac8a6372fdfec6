package cluster

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/polysocket/polysocket/test/process"
)

// A traffic is the callers of a case.
type traffic struct {
	cluster *cluster
	ctx     context.Context
	stop    chan struct{}
	running sync.WaitGroup
	end     func() // stops all, once
	callers []*caller
}

// begin has callers call, until each relay has so many sockets at least. They share the targets among them.
func (c *cluster) begin(each int, all ...targets) *traffic {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	tr := &traffic{cluster: c, ctx: ctx, stop: make(chan struct{})}
	tr.end = sync.OnceFunc(func() {
		close(tr.stop)
		late := time.AfterFunc(2*process.Patience, cancel)
		tr.running.Wait()
		late.Stop()
		cancel()
	})
	c.t.Cleanup(tr.end)
	for i := 0; !tr.everywhere(each); i++ {
		// What was there before counts too, for a second after it has gone: until then a
		// relay may be passed over.
		if i == 100*each {
			for _, n := range c.relays {
				c.t.Errorf("%s has %d sockets", n.name(), len(tr.at(n)))
			}
			c.t.Fatalf("of %d sockets not each relay got %d", i, each)
		}
		tr.call(all[i%len(all)])
	}
	return tr
}

// call has one more caller call, and waits until it has a socket.
func (tr *traffic) call(targets targets) {
	t := tr.cluster.t
	t.Helper()
	c := &caller{cluster: tr.cluster, seed: uint64(rand.Uint32()), targets: targets, stop: tr.stop}
	tr.callers = append(tr.callers, c)
	tr.running.Go(func() {
		if err := c.run(tr.ctx); err != nil {
			t.Errorf("a caller: %v", err)
		}
	})
	process.Until(t, "a caller has a socket", func() bool { return c.on.Load() != nil })
}

// at are the callers whose sockets a relay has.
func (tr *traffic) at(n *node) (list []*caller) {
	for _, c := range tr.callers {
		if c.on.Load() == n {
			list = append(list, c)
		}
	}
	return list
}

func (tr *traffic) everywhere(each int) bool {
	for _, n := range tr.cluster.relays {
		if len(tr.at(n)) < each {
			return false
		}
	}
	return true
}

// few is how many messages say that a socket goes on.
const few = 5

// goesOn waits until each caller has got a few more messages.
func (tr *traffic) goesOn(t *testing.T) {
	t.Helper()
	before := make([]int64, len(tr.callers))
	for i, c := range tr.callers {
		before[i] = c.came.Load()
	}
	for i, c := range tr.callers {
		process.Until(t, "messages come", func() bool { return t.Failed() || c.came.Load() >= before[i]+few })
	}
}

// goesOnFor has it go on for a time, and at least once.
func (tr *traffic) goesOnFor(t *testing.T, d time.Duration) {
	t.Helper()
	for end := time.After(d); ; {
		tr.goesOn(t)
		select {
		case <-end:
			return
		default:
		}
	}
}

// undisturbed checks that no socket was lost but those of the callers that are named.
func (tr *traffic) undisturbed(t *testing.T, but ...*caller) {
	t.Helper()
	for _, c := range tr.callers {
		allowed := false
		for _, b := range but {
			allowed = allowed || b == c
		}
		if !allowed && c.lost.Load() > 0 {
			t.Errorf("a caller at %s has lost its socket", c.on.Load().name())
		}
	}
}
