package cluster

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/process"
)

// A relay that answers nothing for a while, and nobody knows whether it ever will: what it was asked meanwhile others do, and
// it does not do it as well when it is back. Its sockets go on then.
func TestRelayHangs(t *testing.T) {
	t.Parallel()
	c := startCluster(t, setup{redis: redistest.Start(t, redistest.Options{}).URL()})
	echo, target := ws(t)
	traffic := c.begin(1, echo)
	probe := c.probe(echo)
	relay := c.relays[1]
	its := traffic.at(relay)

	relay.Signal(syscall.SIGSTOP)
	stopped := time.Now()
	for _, n := range c.routers {
		process.Until(t, "each router says that the relay is gone", func() bool {
			alive, known := n.alive(t.Context(), relay.host)
			return known && !alive
		})
	}
	process.Until(t, "its lease is over", func() bool {
		// By then nobody asks it any more, and no answer takes long.
		recent := time.Now().Add(-time.Second)
		for _, n := range c.routers {
			answers := probe.since(n, recent)
			if len(answers) < few {
				return false
			}
			for _, a := range answers {
				if a.took > 500*time.Millisecond+c.slack(recent) {
					return false
				}
			}
		}
		return true
	})
	unpicked := time.Since(stopped)
	before := make([]int64, len(its))
	for i, caller := range its {
		before[i] = caller.came.Load()
	}
	probe.only(t, http.StatusOK, stopped, time.Now())
	slowest := time.Duration(0)
	for _, n := range c.routers {
		for _, a := range probe.since(n, stopped) {
			slowest = max(slowest, a.took)
		}
	}

	relay.Signal(syscall.SIGCONT)
	continued := time.Now()
	traffic.goesOn(t)
	for i, caller := range its {
		if caller.came.Load() == before[i] {
			t.Error("a socket of its own does not go on")
		}
	}
	process.Until(t, "it gets sockets again", func() bool {
		for _, a := range probe.since(c.routers[0], continued) {
			if c.relayOf(a.Polysocketd) == relay {
				return true
			}
		}
		return false
	})
	traffic.undisturbed(t)
	probe.end()
	traffic.end()
	opened := strings.Count("\n"+target.Output(), "\nopen ")
	if told := c.opened(); opened != told {
		t.Errorf("%d sockets were answered, and the target has seen %d", told, opened)
	}
	t.Logf("while it hung no create failed, the slowest took %v, and from %v on none was slow. %v",
		slowest.Round(time.Millisecond), unpicked.Round(time.Millisecond), &c.tally)
}
