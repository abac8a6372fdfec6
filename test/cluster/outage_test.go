package cluster

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/process"
)

// outage is how long Redis is away.
const outage = 10 * time.Second

// An away is a case in which Redis is away for a time.
type away struct {
	c       *cluster
	traffic *traffic
	probe   *prober
}

// expectAway begins such a case, with traffic.
func expectAway(t *testing.T, redisURL string) *away {
	t.Helper()
	c := startCluster(t, setup{redis: redisURL})
	echo, _ := ws(t)
	a := &away{c: c, traffic: c.begin(1, echo, talkative), probe: c.probe(echo)}
	began := time.Now()
	process.Until(t, "each router opens sockets", a.probe.answered(http.StatusOK, began))
	return a
}

// lasts checks what is promised while Redis is away: since then, and for a time to come.
func (a *away) lasts(t *testing.T, since time.Time, d time.Duration) {
	t.Helper()
	a.traffic.goesOnFor(t, d)
	a.probe.only(t, http.StatusServiceUnavailable, since, time.Now())
	for _, n := range a.c.nodes() {
		if d > 2*unavailableWithin && n.ready() {
			t.Errorf("%s says that it is ready while Redis is away", n.name())
		}
		if status := n.health("/healthz"); status != http.StatusOK {
			t.Errorf("/healthz of %s is %d while Redis is away", n.name(), status)
		}
	}
}

// over ends the case: nothing was started again, and no socket was lost.
func (a *away) over(t *testing.T, what string, back ...time.Duration) {
	t.Helper()
	a.traffic.goesOn(t)
	a.traffic.undisturbed(t)
	a.probe.end()
	a.traffic.end()
	t.Logf("%s: creates work %v after Redis was back. %v", what, back, &a.c.tally)
}

// Redis is stopped for ten seconds, and has forgotten nothing when it is back. Then it is stopped again, and has
// forgotten everything.
func TestRedisStopped(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{Args: []string{"--save", "3600 1000000", "--dbfilename", "kept.rdb"}})
	a := expectAway(t, redis.URL())
	redis.Do("SAVE")
	redis.Stop()
	a.lasts(t, time.Now(), outage)
	redis.Restart()
	kept := a.probe.back(t, time.Now())

	redis.Do("FLUSHALL")
	redis.Do("SAVE")
	redis.Stop()
	a.lasts(t, time.Now(), time.Second)
	redis.Restart()
	empty := a.probe.back(t, time.Now())
	a.over(t, "stopped for 10 s, then restarted empty", kept, empty)
}

// Redis answers nothing for ten seconds, while its connections stay.
func TestRedisPaused(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	a := expectAway(t, redis.URL())
	redis.Pause()
	a.lasts(t, time.Now(), outage)
	redis.Continue()
	a.over(t, "paused for 10 s", a.probe.back(t, time.Now()))
}

// The master is killed, and Sentinel makes the replica the master. Then that one answers no more, while its connections stay,
// and the first one, which is back, is the master again.
func TestRedisFailover(t *testing.T) {
	t.Parallel()
	redis := redistest.StartSentinel(t, redistest.Options{})
	a := expectAway(t, redis.URL())
	first := redis.Master()
	began := time.Now()
	first.Stop()
	redis.Promoted(first)
	killed := time.Since(began)
	afterKill := a.probe.back(t, time.Now())

	second := redis.Master()
	first.Restart()
	process.Until(t, "the first is a replica", func() bool { return strings.Contains(first.Do("INFO", "replication"), "master_link_status:up") })
	began = time.Now()
	second.Pause()
	redis.Promoted(second)
	paused := time.Since(began)
	afterPause := a.probe.back(t, time.Now())
	second.Continue()
	process.Until(t, "the second is a replica", func() bool { return strings.Contains(second.Do("INFO", "replication"), "master_link_status:up") })
	what := fmt.Sprintf("failed over in %v when it was killed, and in %v when it was paused", killed.Round(time.Millisecond), paused.Round(time.Millisecond))
	a.over(t, what, afterKill, afterPause)
}
