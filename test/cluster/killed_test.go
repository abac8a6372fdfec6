package cluster

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/process"
)

// goneWithin is the promise for a relay that was killed: by then its sockets have ended.
const goneWithin = 5 * time.Second

// A relay that is killed takes its own sockets with it, and nothing else: routers say so, new sockets are elsewhere.
func TestRelayKilled(t *testing.T) {
	t.Parallel()
	c := startCluster(t, setup{redis: redistest.Start(t, redistest.Options{}).URL()})
	echo, _ := ws(t)
	stalled, asked := ws(t, "--stall")
	traffic := c.begin(2, echo, talkative, websocketd(t))
	probe := c.probe(echo)
	victim := c.relays[0]
	its := traffic.at(victim)

	// For a while after it has found Redis a router cannot tell who is gone.
	for _, n := range c.routers {
		process.Until(t, "each router can tell that a relay is gone", func() bool {
			_, known := n.alive(t.Context(), "nobody.localhost")
			return known
		})
	}

	// Creates are under way there and elsewhere, of a target that does not answer.
	const hanging = 6
	answers := make(chan answer, hanging)
	for range hanging {
		go func() {
			a, err := c.routers[0].create(t.Context(), stalled(0).url)
			if err != nil {
				t.Errorf("a create that was under way: %v", err)
			}
			answers <- a
		}()
	}
	for range hanging {
		asked.Line("asked")
	}

	victim.killed.Store(true)
	killed := time.Now()
	victim.Kill()
	for _, n := range c.routers {
		process.Within(t, goneWithin+c.slack(killed)-time.Since(killed), "each router says that the relay is gone", func() bool {
			alive, known := n.alive(t.Context(), "x7."+victim.host)
			return known && !alive
		})
	}
	for _, caller := range its {
		process.Within(t, goneWithin+c.slack(killed)-time.Since(killed), "all its sockets end", func() bool { return caller.lost.Load() > 0 })
	}
	gone := time.Since(killed)
	all := time.Now()
	for _, caller := range its {
		process.Until(t, "who was there is elsewhere", func() bool { return caller.on.Load() != victim })
	}
	process.Until(t, "each router opens sockets", probe.answered(http.StatusOK, all))
	traffic.goesOn(t)
	traffic.undisturbed(t, its...)
	probe.only(t, http.StatusOK, all, time.Now())
	for _, n := range c.routers {
		for _, a := range probe.since(n, killed) {
			if c.relayOf(a.Polysocketd) == victim {
				t.Errorf("%s has handed out the relay that was killed", n.name())
			}
		}
	}
	victim.start()
	process.Until(t, "it is back", victim.ready)
	back := time.Now()
	process.Until(t, "it gets sockets again", func() bool {
		for _, a := range probe.since(c.routers[1], back) {
			if c.relayOf(a.Polysocketd) == victim {
				return true
			}
		}
		return false
	})
	underWay := make(map[string]int)
	for range hanging {
		a := <-answers // their clients wait for as long as it takes
		if underWay[a.Code]++; a.Code != "no_relay" && a.Code != "target_timeout" {
			t.Errorf("a create that was under way is answered %d %s after %v", a.status, a.Code, a.took)
		}
	}
	probe.end()
	traffic.end()
	t.Logf("%d sockets of a relay ended within %v of its death; creates that were under way, there and elsewhere: %v. %v",
		len(its), gone.Round(time.Millisecond), underWay, &c.tally)
}

// A router that is killed is nothing to sockets, and the other router goes on. A second SIGTERM ends a relay that drains.
func TestRouterKilled(t *testing.T) {
	t.Parallel()
	c := startCluster(t, setup{redis: redistest.Start(t, redistest.Options{}).URL()})
	echo, _ := ws(t)
	traffic := c.begin(1, echo, talkative)
	probe := c.probe(echo)
	victim, other := c.routers[0], c.routers[1]
	began := time.Now()
	victim.killed.Store(true)
	victim.Kill()
	traffic.goesOnFor(t, 3*time.Second)
	traffic.undisturbed(t)
	probe.only(t, http.StatusOK, began, time.Now(), other)
	victim.start()
	process.Until(t, "it is back", victim.ready)
	back := time.Now()
	process.Until(t, "each router opens sockets", probe.answered(http.StatusOK, back))

	victim.Signal(syscall.SIGTERM)
	if status := victim.Exit(); status != 0 {
		t.Errorf("a router that was told to end has exit status %d", status)
	}

	relay := c.relays[1]
	its := traffic.at(relay)
	relay.drained.Store(true)
	relay.killed.Store(true)
	relay.Signal(syscall.SIGTERM)
	process.Until(t, "it drains", func() bool { return relay.health("/readyz") == http.StatusServiceUnavailable })
	if status := relay.health("/healthz"); status != http.StatusOK {
		t.Errorf("while it drains /healthz is %d", status)
	}
	relay.Signal(syscall.SIGTERM)
	// Its sockets would have had this long before the first is closed.
	ended := process.Within(t, drainTime*time.Second+3*time.Second, "the second SIGTERM ends it", func() bool { return stopped(relay.Done()) })
	for _, caller := range its {
		process.Until(t, "who was there is elsewhere", func() bool { return caller.on.Load() != relay })
	}
	traffic.goesOn(t)
	traffic.undisturbed(t, its...)
	probe.end()
	traffic.end()
	t.Logf("a relay that drained ended %v after the second SIGTERM. %v", ended.Round(time.Millisecond), &c.tally)
}
