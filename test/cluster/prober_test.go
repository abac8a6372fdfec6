package cluster

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/polysocket/polysocket/test/process"
)

// A prober has every router open sockets again and again, and closes them at once. What it is answered must be a socket,
// or within 2 s that there is no relay.
type prober struct {
	cluster *cluster
	target  string
	end     func()

	mu      sync.Mutex
	answers map[*node][]answer
}

const (
	// unavailableWithin is the promise for the answer that nothing can be opened now.
	unavailableWithin = 2 * time.Second
	// backWithin is the promise for creates after Redis has come back.
	backWithin = 5 * time.Second
	// probers is how many probe a router at once: a slow answer is not to hide the next.
	probers = 2
)

// probe begins to probe, until the test ends.
func (c *cluster) probe(targets targets) *prober {
	p := &prober{cluster: c, target: targets(0).url, answers: make(map[*node][]answer)}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, n := range c.routers {
		for range probers {
			running.Go(func() { p.run(ctx, n) })
		}
	}
	p.end = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	c.t.Cleanup(p.end)
	return p
}

func (p *prober) run(ctx context.Context, n *node) {
	t := p.cluster.t
	for pause(ctx, pace) == nil {
		a, err := p.create(n)
		switch {
		case err != nil:
			if !n.killed.Load() {
				t.Errorf("%s does not answer: %v", n.name(), err)
			}
			continue
		case a.status == http.StatusOK:
			p.cluster.closeSocket(p.cluster.t.Context(), a)
		case a.status != http.StatusServiceUnavailable || a.Code != "no_relay":
			t.Errorf("%s answers %d %s: %s", n.name(), a.status, a.Code, a.Error)
		case a.took > unavailableWithin+p.cluster.slack(a.began):
			t.Errorf("%s says after %v that there is no relay", n.name(), a.took)
		}
		p.mu.Lock()
		p.answers[n] = append(p.answers[n], a)
		p.mu.Unlock()
	}
}

// create has a router open a socket. It is not given up when the prober ends: each socket that is opened is to be known of.
func (p *prober) create(n *node) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), process.Patience)
	defer cancel()
	return n.create(ctx, p.target)
}

// since are the answers of a router to what it was asked after a time.
func (p *prober) since(n *node, after time.Time) (list []answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.answers[n] {
		if a.began.After(after) {
			list = append(list, a)
		}
	}
	return list
}

// answered tells whether each router has answered with a status to what it was asked after a time.
func (p *prober) answered(status int, after time.Time) func() bool {
	return func() bool {
		for _, n := range p.cluster.routers {
			found := false
			for _, a := range p.since(n, after) {
				found = found || a.status == status
			}
			if !found {
				return false
			}
		}
		return true
	}
}

// back waits until each router opens sockets again, and all are ready, as is promised for a Redis that is back since. It
// returns how long that took.
func (p *prober) back(t *testing.T, since time.Time) time.Duration {
	t.Helper()
	left := func() time.Duration { return backWithin + p.cluster.slack(since) - time.Since(since) }
	process.Within(t, left(), "each router opens sockets", p.answered(http.StatusOK, since))
	took := time.Since(since)
	for _, n := range p.cluster.nodes() {
		process.Within(t, left(), n.name()+" is ready", n.ready)
	}
	return took
}

// starving is how slow a machine is on which a router may take a Redis for gone that is there.
const starving = 500 * time.Millisecond

// only checks that routers that were asked between two times have all answered so: all of them, unless some are named.
func (p *prober) only(t *testing.T, status int, from, to time.Time, routers ...*node) {
	t.Helper()
	if len(routers) == 0 {
		routers = p.cluster.routers
	}
	for _, n := range routers {
		count := 0
		for _, a := range p.since(n, from) {
			if end := a.began.Add(a.took); end.After(to) {
				continue
			}
			count++
			excused := a.status == http.StatusServiceUnavailable && p.cluster.slack(a.began) > starving
			if a.status != status && !excused {
				t.Errorf("%s answered %d, want %d", n.name(), a.status, status)
			}
		}
		if count == 0 {
			t.Errorf("%s has answered nothing", n.name())
		}
	}
}
