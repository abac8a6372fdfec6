package redisbus

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
)

const (
	// back is how soon a Redis that is back must be of use again.
	back = 5 * time.Second
	// hung is when a create that has no answer is taken for one that never has.
	hung = 5 * time.Second
)

// Creates go on while Redis is hurt. None is opened twice, none hangs, what failed
// leaves nothing open, and when Redis is back all works by itself.
func TestFaults(t *testing.T) {
	for _, fault := range []struct {
		name string
		// start returns what hurts Redis until it says that it is there again.
		start func(t *testing.T) (url string, hurt func(down func()))
	}{
		{"killed and restarted empty", func(t *testing.T) (string, func(func())) {
			s := redistest.Start(t, redistest.Options{})
			return s.URL(), func(down func()) { s.Stop(); down(); s.Restart() }
		}},
		{"restarted empty at once", func(t *testing.T) (string, func(func())) {
			s := redistest.Start(t, redistest.Options{})
			return s.URL(), func(func()) { s.Restart() }
		}},
		{"paused", func(t *testing.T) (string, func(func())) {
			s := redistest.Start(t, redistest.Options{})
			return s.URL(), func(down func()) { s.Pause(); down(); s.Continue() }
		}},
		{"failed over", func(t *testing.T) (string, func(func())) {
			s := redistest.StartSentinel(t, redistest.Options{})
			return s.URL(), func(func()) { s.Failover() }
		}},
		{"its master killed, under Sentinel", func(t *testing.T) (string, func(func())) {
			s := redistest.StartSentinel(t, redistest.Options{})
			return s.URL(), func(func()) { old := s.Master(); old.Stop(); s.Promoted(old) }
		}},
		{"its master paused, under Sentinel", func(t *testing.T) (string, func(func())) {
			s := redistest.StartSentinel(t, redistest.Options{})
			return s.URL(), func(func()) { old := s.Master(); old.Pause(); s.Promoted(old); old.Continue() }
		}},
		{"a master killed, of a Cluster", func(t *testing.T) (string, func(func())) {
			c := redistest.StartCluster(t, 3, 1)
			return c.URL(), func(func()) { old := c.Owner(nodesKey); old.Stop(); c.Promoted(old, nodesKey) }
		}},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			url, hurt := fault.start(t)
			f := newFleet()
			f.run(t, url, "a")
			f.run(t, url, "b")
			router := open(t, url)
			eventually(t, 20*time.Second, func() string {
				if nodes, err := router.Nodes(t.Context()); err != nil || len(nodes) < 2 {
					return fmt.Sprintf("nodes: %v, %v", nodes, err)
				}
				return ""
			})
			c := startCreates(t, router, f)
			eventually(t, 10*time.Second, func() string {
				if n := c.created.Load(); n < 100 {
					return fmt.Sprintf("%d created", n)
				}
				return ""
			})
			hurt(func() {
				// Down for as long as it takes to be noticed, and then some.
				before := c.refused.Load()
				eventually(t, 10*time.Second, func() string {
					if n := c.refused.Load() - before; n < 100 {
						return fmt.Sprintf("%d refused while Redis is away", n)
					}
					return ""
				})
			})
			before := c.created.Load()
			took := eventually(t, back, func() string {
				if n := c.created.Load() - before; n < 10 {
					return fmt.Sprintf("%d created since Redis is back", n)
				}
				return ""
			})
			c.end()
			eventually(t, 40*time.Second, func() string {
				if held, want := f.holds(), int(c.created.Load()); held > want {
					return fmt.Sprintf("%d sockets are open, %d were created", held, want)
				}
				return ""
			})
			t.Logf("%d created, %d refused; it worked again after %v; the longest create took %v",
				c.created.Load(), c.refused.Load(), took.Round(time.Millisecond), time.Duration(c.longest.Load()).Round(time.Millisecond))
		})
	}
}

// creates are creates that go on.
type creates struct {
	end              func()
	created, refused atomic.Int64
	longest          atomic.Int64 // in ns
}

func startCreates(t *testing.T, router *Bus, f *fleet) *creates {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	c := &creates{}
	var wg sync.WaitGroup
	c.end = sync.OnceFunc(func() { stop(); wg.Wait() })
	t.Cleanup(c.end)
	for worker := range 8 {
		wg.Go(func() {
			pace := time.NewTicker(5 * time.Millisecond)
			defer pace.Stop()
			for i := 0; ctx.Err() == nil; i++ {
				target := fmt.Sprintf("%d/%d", worker, i)
				start := time.Now()
				asking, cancel := context.WithTimeout(context.Background(), hung)
				err := create(asking, router, target)
				if asking.Err() != nil {
					t.Errorf("%s had no answer after %v: %v", target, hung, err)
				}
				cancel()
				c.longest.Store(max(c.longest.Load(), int64(time.Since(start))))
				if err == nil {
					c.created.Add(1)
				} else {
					c.refused.Add(1)
				}
				if n := f.times(target); n > 1 || err == nil && n == 0 {
					t.Errorf("%s was opened %d times: %v", target, n, err)
				}
				<-pace.C
			}
		})
	}
	return c
}
