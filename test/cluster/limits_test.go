package cluster

import (
	"io"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/redisbus"
	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/process"
)

const (
	// lapsedWithin is the promise for the places of a dead relay's sockets.
	lapsedWithin = 30 * time.Second
	// freedWithin is the promise for the place of a socket that was closed.
	freedWithin = 5 * time.Second
)

// The places that the sockets of a relay have within a limit are free when it is dead for a while, and not before; those of
// others are held for as long as their sockets live. No router takes places yet, so the test is one.
func TestRelayKilledLimits(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	// All as the user that docs/operating.md has for it.
	user := regexp.MustCompile(`ACL SETUSER polysocket .*`).FindString(operating(t))
	if got := redis.Do(strings.Fields(user)...); got != "OK" {
		t.Fatalf("%q: %s", user, got)
	}
	url := strings.Replace(redis.URL(), "://", "://polysocket:PASSWORD@", 1)
	c := startCluster(t, setup{redis: url})
	router, err := redisbus.New(redisbus.Options{URL: url, Secret: secret, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(router.Close)
	echo, _ := ws(t)
	place := func(id string) bus.Lease { return bus.Lease{Limit: "token:of a test", ID: id} }
	// Two places, of which one is the victim's.
	victim, other := c.relays[0], c.relays[1]
	acquire := func(id string) (ok bool) {
		process.Until(t, "there is an answer", func() bool { // the bus may have to find Redis first
			var err error
			ok, err = router.Acquire(t.Context(), place(id), 2)
			return err == nil
		})
		return ok
	}
	open := func(n *node) (socket string) {
		process.Until(t, "the relay opens a socket", func() bool {
			nodes, err := router.Nodes(t.Context())
			if err != nil {
				return false
			}
			for _, of := range nodes {
				if of.Host == n.host {
					reply, err := router.Open(t.Context(), of.ID, bus.OpenRequest{Target: echo(0).url, Leases: []bus.Lease{place(n.host)}})
					socket = reply.Socket
					return err == nil
				}
			}
			return false
		})
		return socket
	}
	if !acquire(victim.host) || !acquire(other.host) || acquire("one too many") {
		t.Fatal("there are not two places")
	}
	open(victim)
	held := answer{Polysocketd: other.host, Socket: open(other)}
	// Its read keeps it.
	reading := make(chan error, 1)
	go func() {
		response, err := c.http.Get("http://" + held.Polysocketd + "/x/" + held.Socket)
		if err == nil {
			_, err = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
		reading <- err
	}()

	victim.Kill()
	killed := time.Now()
	if acquire("too early") {
		t.Error("a relay's place is free at once when it dies: whoever has cut it off gets more than the limit")
	}
	process.Within(t, lapsedWithin, "the place of its socket is free", func() bool { return acquire("next") })
	lapsed := time.Since(killed)
	if acquire("one too many") {
		t.Error("the place of a socket that lives is free")
	}
	c.closeSocket(t.Context(), held)
	closed := time.Now()
	process.Within(t, freedWithin, "the place of a socket that was closed is free", func() bool { return acquire("last") })
	if err := <-reading; err != nil {
		t.Errorf("a read: %v", err)
	}
	t.Logf("a place was free %v after its relay's death, and %v after its socket's close", lapsed.Round(time.Millisecond), time.Since(closed).Round(time.Millisecond))
}
