package cluster

import (
	"net/http"
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

// The master is killed, and Sentinel makes a replica the master; and back, when that one answers no more.
func TestRedisFailover(t *testing.T) {
	t.Parallel()
	redis := redistest.StartSentinel(t, redistest.Options{})
	a := expectAway(t, redis.URL())
	first := redis.Master()
	first.Stop()
	killed := time.Now()
	redis.Promoted(first)
	promoted := time.Now()
	away := promoted.Sub(killed)
	one := a.probe.back(t, promoted)
	a.over(t, "the master was killed, and "+away.Round(time.Millisecond).String()+" later there was another", one)
}
