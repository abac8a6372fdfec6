package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	messageSize = 100
	// creators is how many clients create at once.
	creators = 8
	warmUp   = 200
)

// labels are the names of the peers in the tables.
var labels = map[string]string{
	"direct":     "direct WebSocket",
	"polysocket": "polysocket, long-polling",
	"sockjs":     "sockjs-go, xhr-polling",
	"stream":     "polysocket, stream",
}

// apart are the peers of which each is another server: where no read is under way
// a stream is nothing of its own.
func apart(peers []*peer) []*peer { return peers[:3] }

// roundTrips measures the time of a message and its echo. The peers take turns,
// so that what else the machine does hits all of them.
func roundTrips(ctx context.Context, peers []*peer, n sizes) error {
	message := strings.Repeat("x", messageSize)
	links := make([]link, len(peers))
	times := make([][]time.Duration, len(peers))
	rounds := make([][]time.Duration, len(peers)) // the median of each
	cpu := make([]cpuTime, len(peers))
	defer closeAll(links)
	for i, p := range peers {
		l, err := p.open(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		links[i] = l
	}
	for round := range n.rounds + 1 {
		for i, p := range peers {
			before, err := p.cpu()
			if err != nil {
				return err
			}
			trips := n.trips
			if round == 0 {
				trips = warmUp
			}
			for range trips {
				start := time.Now()
				if err := links[i].trip(ctx, message); err != nil {
					return fmt.Errorf("%s: %w", p.name, err)
				}
				if round > 0 {
					times[i] = append(times[i], time.Since(start))
				}
			}
			after, err := p.cpu()
			if err != nil {
				return err
			}
			if round > 0 {
				cpu[i] = cpu[i].plus(after.minus(before))
				rounds[i] = append(rounds[i], median(times[i][len(times[i])-n.trips:]))
			}
		}
	}
	fmt.Println("| round trip | median | p90 | × direct | × sockjs-go | CPU of its server | of the target | of the client |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for i, p := range peers {
		slices.Sort(times[i])
		p90 := times[i][len(times[i])*9/10]
		each := func(d time.Duration) string { return micros(d / time.Duration(len(times[i]))) }
		target := "none"
		if p.target != nil {
			target = each(cpu[i].target)
		}
		fmt.Printf("| %s | %s | %s | %.1f | %.1f | %s | %s | %s |\n", labels[p.name], micros(median(times[i])), micros(p90),
			ratio(rounds[i], rounds[0]), ratio(rounds[i], rounds[2]), each(cpu[i].server), target, each(cpu[i].client))
	}
	if tooEarly > 0 {
		fmt.Printf("\n%d of sockjs-go's %d reads were answered \"Another connection still open\", and made again.\n", tooEarly, len(times[2])+warmUp)
	}
	fmt.Println()
	return nil
}

// ratio is the median of the ratios of rounds that stood beside each other.
func ratio(of, to []time.Duration) float64 {
	ratios := make([]float64, len(of))
	for i := range of {
		ratios[i] = float64(of[i]) / float64(to[i])
	}
	return median(ratios)
}

func median[T cmp.Ordered](of []T) T {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// creates measures how fast sockets are opened, by several clients at once, each
// on a new connection.
func creates(ctx context.Context, peers []*peer, n sizes) error {
	peers = apart(peers)
	const rounds = 3
	rates := make([][]float64, len(peers))
	cpu := make([]cpuTime, len(peers))
	for range rounds {
		for i, p := range peers {
			before, err := p.cpu()
			if err != nil {
				return err
			}
			start := time.Now()
			links, err := openMany(ctx, p, n.creates/rounds)
			took := time.Since(start)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			after, err := p.cpu()
			if err != nil {
				return err
			}
			cpu[i] = cpu[i].plus(after.minus(before))
			rates[i] = append(rates[i], float64(len(links))/took.Seconds())
			closeAll(links)
		}
	}
	fmt.Println("| create | a second (median of 3) | × direct | CPU of its server | of the target | of the client |")
	fmt.Println("|---|---|---|---|---|---|")
	floor := 0.0
	for i, p := range peers {
		rate := median(rates[i])
		if i == 0 {
			floor = rate
		}
		each := func(d time.Duration) string { return micros(d / time.Duration(n.creates/rounds*rounds)) }
		target := "none"
		if p.target != nil {
			target = each(cpu[i].target)
		}
		fmt.Printf("| %s | %.0f | %.2f | %s | %s | %s |\n", labels[p.name], rate, rate/floor, each(cpu[i].server), target, each(cpu[i].client))
	}
	fmt.Println()
	return nil
}

// idle measures what a socket costs its server while nothing happens and its
// client holds no connection: which a direct WebSocket can not do.
func idle(ctx context.Context, peers []*peer, n sizes) error {
	return idleTable(ctx, "idle socket, no connection", link.rest, apart(peers), n)
}

// parked measures the same while the client holds a connection with a read that
// waits.
func parked(ctx context.Context, peers []*peer, n sizes) error {
	return idleTable(ctx, "idle socket, a read parked", link.park, peers, n)
}

func idleTable(ctx context.Context, state string, enter func(link, context.Context) error, peers []*peer, n sizes) error {
	rows := make([]usage, len(peers))
	for i, p := range peers {
		u, err := idleOf(ctx, p, n.idle, enter)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", p.name, state, err)
		}
		rows[i] = u
	}
	fmt.Printf("| %s | resident bytes | × polysocket | heap and stacks | of that stacks | goroutines |\n", state)
	fmt.Println("|---|---|---|---|---|---|")
	for i, p := range peers {
		u := rows[i]
		fmt.Printf("| %s | %s | %.1f | %s | %s | %.1f |\n", labels[p.name], bytes(u.RSS), float64(u.RSS)/float64(rows[1].RSS),
			bytes(u.Heap+u.Stack), bytes(u.Stack), float64(u.Goroutines)/float64(n.idle))
	}
	fmt.Println()
	return nil
}

// idleOf is the usage of one socket, and the goroutines of all.
func idleOf(ctx context.Context, p *peer, count int, enter func(link, context.Context) error) (usage, error) {
	before, err := p.use(true)
	if err != nil {
		return usage{}, err
	}
	links, err := openMany(ctx, p, count)
	if err != nil {
		return usage{}, err
	}
	defer closeAll(links)
	for _, l := range links {
		if err := enter(l, ctx); err != nil {
			return usage{}, err
		}
	}
	after, err := p.settled(ctx)
	if err != nil {
		return usage{}, err
	}
	for _, l := range links {
		if err := l.check(ctx); err != nil {
			return usage{}, fmt.Errorf("after the measurement: %w", err)
		}
	}
	each := func(after, before int64) int64 { return (after - before) / int64(count) }
	return usage{
		Heap: each(after.Heap, before.Heap), Stack: each(after.Stack, before.Stack), RSS: each(after.RSS, before.RSS),
		Goroutines: after.Goroutines - before.Goroutines,
	}, nil
}

// settled is the usage once the server has noticed that connections were closed:
// when the number of its goroutines does not change any more.
func (p *peer) settled(ctx context.Context) (usage, error) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for last, same := -1, 0; ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return usage{}, ctx.Err()
		}
		u, err := p.use(true)
		if err != nil {
			return u, err
		}
		if same++; u.Goroutines != last {
			last, same = u.Goroutines, 0
		}
		if same == 5 {
			return u, nil
		}
	}
}

// openMany opens sockets, a few at once.
func openMany(ctx context.Context, p *peer, count int) ([]link, error) {
	links := make([]link, count)
	errs := make([]error, creators)
	var all sync.WaitGroup
	for c := range creators {
		all.Go(func() {
			for i := c; i < count && errs[c] == nil; i += creators {
				links[i], errs[c] = p.open(ctx, p)
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return links, nil
}

func closeAll(links []link) {
	for _, l := range links {
		if l != nil {
			l.close()
		}
	}
}

// A cpuTime is what the processes of one measurement have used.
type cpuTime struct{ server, target, client time.Duration }

func (c cpuTime) plus(d cpuTime) cpuTime {
	return cpuTime{c.server + d.server, c.target + d.target, c.client + d.client}
}

func (c cpuTime) minus(d cpuTime) cpuTime {
	return cpuTime{c.server - d.server, c.target - d.target, c.client - d.client}
}

func (p *peer) cpu() (c cpuTime, err error) {
	u, err := p.use(false)
	if err != nil {
		return c, err
	}
	c.server = u.CPU
	if p.target != nil {
		if u, err = p.target.use(false); err != nil {
			return c, err
		}
		c.target = u.CPU
	}
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return c, err
	}
	c.client = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	return c, nil
}

func micros(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) }

// bytes is a size in groups of three digits.
func bytes(n int64) string {
	if n >= 1000 {
		return fmt.Sprintf("%s,%03d", bytes(n/1000), n%1000)
	}
	return fmt.Sprint(n)
}
