package test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/process"
)

// What the relay of the bad clients may have.
const (
	badMemory      = 16 << 20
	badConnections = 150
	// badSlack is what its heap may be larger by when all are gone: buffers that are kept
	// for others to come.
	badSlack = 16 << 20
)

// While all kinds of bad clients and hostile targets are at it, from other addresses,
// good clients are served and lose nothing; those who want too much are refused with the
// right codes; and afterwards the relay holds no more than before.
func TestBadClients(t *testing.T) {
	redis := redistest.Start(t, redistest.Options{})
	file := configured(t, meeting(redis.URL())+fmt.Sprintf(
		"limits: {memory: %d, grace: 3s, connections_per_address: %d, requests_per_address: %d}\n", badMemory, badConnections, badConnections))
	router := role(t, "router", file)
	relay := role(t, "relay", file, "--debug-listen=127.0.0.1:0")
	_, echo := ws(t)
	process.Until(t, "a socket", func() bool { return router.create(echo, nil).OK })

	g := &good{T: t, router: router, relay: relay, echo: echo}
	g.pings(200).log(t, "before", relay)
	start := heap(t, relay)

	b := &bad{T: t, router: router, relay: relay}
	ctx, stop := context.WithCancel(t.Context())
	var during latencies
	var beside sync.WaitGroup
	beside.Go(func() { during = g.pingsUntil(ctx) })
	for i := range 2 {
		beside.Go(func() {
			for n := uint64(0); n == 0 || ctx.Err() == nil; n++ {
				g.history(seedOfChaos() + uint64(i)<<32 + n)
			}
		})
	}
	b.all()
	stop()
	beside.Wait()
	during.log(t, "during", relay)

	process.Until(t, "the relay's memory is near what it was", func() bool { return heap(t, relay) < start+badSlack })
	g.pings(200).log(t, "after", relay)
	if !strings.Contains(relay.Output(), "there is no more memory") {
		t.Error("the relay was never at the end of its memory: the bad clients are not bad enough")
	}
	for _, s := range []*server{router, relay} {
		s.becomes(http.StatusOK)
		s.Raceless()
	}
}

// heap is what the relay's heap has after a collection, in bytes.
func heap(t *testing.T, relay *server) int {
	t.Helper()
	resp, err := relay.http.Get(relay.profiles() + "heap?debug=1&gc=1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "# HeapAlloc = "); ok {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("the profile has no heap")
	return 0
}

// latencies are how long messages took to the target and back.
type latencies []time.Duration

// log says what they and the relay's heap are, which is nobody's promise.
func (l latencies) log(t *testing.T, when string, relay *server) {
	t.Helper()
	slices.Sort(l)
	if len(l) == 0 {
		t.Fatalf("%s: no message came back", when)
	}
	t.Logf("%s: %d round trips, median %v, p99 %v; the relay's heap has %d KiB",
		when, len(l), l[len(l)/2], l[len(l)*99/100], heap(t, relay)>>10)
}

// good is who behaves.
type good struct {
	*testing.T
	router, relay *server
	echo          string
}

// open opens a socket, also when it has to wait until there is room for one.
func (g *good) open() *socket {
	var a answer
	process.Until(g.T, "a socket", func() bool {
		if a = g.router.create(g.echo, nil); !a.OK {
			a.is(g.T, http.StatusServiceUnavailable, "no_relay")
		}
		return a.OK
	})
	return &socket{server: g.relay, id: a.Socket}
}

func (g *good) pings(n int) (all latencies) {
	s := g.open()
	for i := range n {
		all = append(all, g.ping(s, i))
	}
	return all
}

func (g *good) pingsUntil(ctx context.Context) (all latencies) {
	s := g.open()
	for i := 0; ctx.Err() == nil; i++ {
		all = append(all, g.ping(s, i))
	}
	return all
}

func (g *good) ping(s *socket, i int) time.Duration {
	began := time.Now()
	text := "ping " + strconv.Itoa(i)
	s.text(text)
	s.is(message{Type: "text", Data: text})
	return time.Since(began)
}

// history has messages go both ways, by any transport, of which none may be lost.
func (g *good) history(seed uint64) {
	h := past{
		seed: seed, messages: 300, carrier: carriers[len(carriers)-1], base: g.relay.base, transport: &http.Transport{}, strict: true,
		between: func(rt http.RoundTripper) http.RoundTripper { return patientCreate{rt, g.router.base} },
	}
	h.happen(g.T)
}

// patientCreate asks the router for sockets, and again where there is no room.
type patientCreate struct {
	http.RoundTripper
	router string
}

func (p patientCreate) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != "/create" {
		return p.RoundTripper.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	r.URL.Host = strings.TrimPrefix(p.router, "http://")
	for {
		resp, err := p.RoundTripper.RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusServiceUnavailable {
			return resp, err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		select {
		case <-time.After(100 * time.Millisecond):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}
