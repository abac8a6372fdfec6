package cluster

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/process"
)

// unpickedWithin is the promise for a relay that drains: from then on no router sends it a socket.
const unpickedWithin = time.Second

// All relays are restarted, one after the other, while messages go both ways: what was answered 201 arrives, and what
// targets have sent before their close.
func TestRollingDrain(t *testing.T) {
	t.Parallel()
	c := startCluster(t, setup{redis: redistest.Start(t, redistest.Options{}).URL()})
	echo, _ := ws(t)
	traffic := c.begin(2, echo, talkative)
	probe := c.probe(echo)
	var slowest time.Duration
	for _, relay := range c.relays {
		its := traffic.at(relay)
		relay.drained.Store(true)
		told := time.Now()
		relay.Signal(syscall.SIGTERM)
		process.Until(t, "it says that it takes no sockets", func() bool { return relay.health("/readyz") == http.StatusServiceUnavailable })
		if status := relay.health("/healthz"); status != http.StatusOK {
			t.Errorf("while it drains /healthz is %d", status)
		}
		for _, n := range c.routers {
			if alive, known := n.alive(t.Context(), relay.host); known && !alive && len(its) > 0 {
				t.Errorf("%s says that a relay is gone that drains and has sockets", n.name())
			}
		}
		if status := relay.Exit(); status != 0 {
			t.Errorf("its exit status is %d", status)
		}
		slowest = max(slowest, time.Since(told))
		for _, n := range c.routers {
			for _, a := range probe.since(n, told.Add(unpickedWithin+c.slack(told))) {
				if c.relayOf(a.Polysocketd) == relay {
					t.Errorf("%s has handed out a relay that drains for %v", n.name(), a.began.Sub(told))
				}
			}
		}
		for _, caller := range its {
			process.Until(t, "who was there has another socket", func() bool { return caller.lost.Load() > 0 })
		}
		relay.start()
		process.Until(t, "it is back", relay.ready)
		traffic.goesOn(t)
	}
	probe.end()
	probe.only(t, http.StatusOK, time.Time{}, time.Now())
	traffic.end()
	t.Logf("each of %d relays was restarted, the slowest in %v. %v", len(c.relays), slowest.Round(time.Millisecond), &c.tally)
}
