package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// A created is what creates have taken: the latency of each, the time of all, and the CPU time of each process.
type created struct {
	latencies            []time.Duration
	took                 time.Duration
	router, relay, redis time.Duration
}

func (c *created) add(d created) {
	c.latencies = append(c.latencies, d.latencies...)
	c.took += d.took
	c.router += d.router
	c.relay += d.relay
	c.redis += d.redis
}

func measureCreates(ctx context.Context, ways []*deployment, target string, n sizes) error {
	const rounds = 3
	alone, together := make([]created, len(ways)), make([]created, len(ways))
	rates := make([][]float64, len(ways))
	for round := range rounds + 1 {
		for i, d := range ways {
			one, err := d.creates(ctx, target, n.creates/rounds, 1)
			if err != nil {
				return fmt.Errorf("%s: %w", d.label, err)
			}
			many, err := d.creates(ctx, target, n.creates/rounds, creators)
			if err != nil {
				return fmt.Errorf("%s: %w", d.label, err)
			}
			if round == 0 { // a warm-up
				continue
			}
			alone[i].add(one)
			together[i].add(many)
			rates[i] = append(rates[i], float64(len(many.latencies))/many.took.Seconds())
		}
	}
	fmt.Printf("| create | one at a time: median | p99 | %d at once: a second (median of %d) | median | p99 |\n", creators, rounds)
	fmt.Println("|---|---|---|---|---|---|")
	for i, d := range ways {
		fmt.Printf("| %s | %s | %s | %.0f | %s | %s |\n", d.label, percentile(alone[i].latencies, 50), percentile(alone[i].latencies, 99),
			median(rates[i]), percentile(together[i].latencies, 50), percentile(together[i].latencies, 99))
	}
	fmt.Println()
	fmt.Printf("| create, %d at once | CPU of the router | of the relay | of Redis | creates a second and core of the router |\n", creators)
	fmt.Println("|---|---|---|---|---|")
	for i, d := range ways {
		c := together[i]
		each := func(p *program, used time.Duration) string {
			if p == nil {
				return "none"
			}
			return micros(used / time.Duration(len(c.latencies)))
		}
		relay := each(d.relay, c.relay)
		if d.relay == nil {
			relay = "in it"
		}
		fmt.Printf("| %s | %s | %s | %s | %.0f |\n", d.label, each(d.router, c.router), relay, each(d.redis, c.redis),
			float64(len(c.latencies))/c.router.Seconds())
	}
	fmt.Println()
	return nil
}

func percentile(of []time.Duration, p int) string {
	sorted := slices.Sorted(slices.Values(of))
	return micros(sorted[min(len(sorted)*p/100, len(sorted)-1)])
}

// creates opens sockets, so many at once, each on a new connection.
func (d *deployment) creates(ctx context.Context, target string, count, atOnce int) (c created, err error) {
	before, err := d.cpus()
	if err != nil {
		return c, err
	}
	start := time.Now()
	took := make([][]time.Duration, atOnce)
	errs := make([]error, atOnce)
	var all sync.WaitGroup
	for i := range atOnce {
		all.Go(func() {
			for n := i; n < count && errs[i] == nil; n += atOnce {
				began := time.Now()
				errs[i] = d.one(ctx, target)
				took[i] = append(took[i], time.Since(began))
			}
		})
	}
	all.Wait()
	c.took = time.Since(start)
	for i := range atOnce {
		if errs[i] != nil {
			return c, errs[i]
		}
		c.latencies = append(c.latencies, took[i]...)
	}
	after, err := d.cpus()
	c.router, c.relay, c.redis = after[0]-before[0], after[1]-before[1], after[2]-before[2]
	return c, err
}

// one opens a socket.
func (d *deployment) one(ctx context.Context, target string) error {
	w, err := dialWeb(ctx, d.create)
	if err != nil {
		return err
	}
	defer w.Close()
	status, body, err := w.do("GET", "/create?from=bench&target="+url.QueryEscape("ws://"+target), "")
	var answer struct{ Socket string }
	if err != nil || status != http.StatusOK || json.Unmarshal([]byte(body), &answer) != nil {
		return fmt.Errorf("create: %d %s %w", status, body, err)
	}
	return nil
}

func (d *deployment) cpus() (used [3]time.Duration, err error) {
	for i, p := range []*program{d.router, d.relay, d.redis} {
		if p == nil {
			continue
		}
		if used[i], err = p.cpu(); err != nil {
			return used, err
		}
	}
	return used, nil
}
