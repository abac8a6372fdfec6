package cluster

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/chaos"
	"github.com/polysocket/polysocket/test/process"
)

// A relay that is cut from Redis keeps its sockets, gets no new ones, and is back by itself.
func TestRelayCut(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	way := newWay(t, redis.Addr)
	const cut = 2
	c := startCluster(t, setup{redis: redis.URL(), redisOf: func(relay int) string {
		if relay == cut {
			return strings.Replace(redis.URL(), redis.Addr, way.addr, 1)
		}
		return redis.URL()
	}})
	echo, _ := ws(t)
	traffic := c.begin(1, echo, talkative)
	probe := c.probe(echo)
	relay := c.relays[cut]
	got := func(after time.Time) (its, all int) {
		for _, n := range c.routers {
			for _, a := range probe.since(n, after) {
				if all++; c.relayOf(a.Polysocketd) == relay {
					its++
				}
			}
		}
		return its, all
	}
	began := time.Now()
	process.Until(t, "it gets sockets", func() bool { its, _ := got(began); return its > 0 })

	way.close()
	closed := time.Now()
	process.Until(t, "it says that it takes no sockets", func() bool { return relay.health("/readyz") == http.StatusServiceUnavailable })
	traffic.goesOnFor(t, 5*time.Second)
	its, all := got(closed)
	if its > 0 || all == 0 {
		t.Errorf("it got %d of %d sockets while it was cut", its, all)
	}
	probe.only(t, http.StatusOK, closed, time.Now())
	if status := relay.health("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz is %d while it is cut", status)
	}

	way.open()
	opened := time.Now()
	left := func() time.Duration { return backWithin + c.slack(opened) - time.Since(opened) }
	process.Within(t, left(), "it is ready", relay.ready)
	process.Within(t, left(), "it gets sockets", func() bool { its, _ := got(opened); return its > 0 })
	back := time.Since(opened)
	traffic.goesOn(t)
	traffic.undisturbed(t)
	probe.end()
	traffic.end()
	t.Logf("while it was cut the others got %d sockets; it got its first %v after it was back. %v", all, back.Round(time.Millisecond), &c.tally)
}

// A way leads to a server, and can be closed: then what goes by it breaks, and nothing more is let in.
type way struct {
	t        *testing.T
	addr, to string
	proxy    *chaos.Proxy
}

func newWay(t *testing.T, to string) *way {
	t.Helper()
	w := &way{t: t, addr: process.FreeAddr(t), to: to}
	w.open()
	t.Cleanup(w.close)
	return w
}

func (w *way) open() {
	w.t.Helper()
	var err error
	if w.proxy, err = chaos.Listen(w.addr, w.to); err != nil {
		w.t.Fatal(err)
	}
}

func (w *way) close() {
	if w.proxy != nil {
		w.proxy.Close()
		w.proxy = nil
	}
}
