package redisbus

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
)

// calls counts how often each command was run, as Redis counts them.
func calls(server *redistest.Server) map[string]int {
	counts := make(map[string]int)
	for _, line := range strings.Split(server.Do("INFO", "commandstats"), "\n") {
		// cmdstat_publish:calls=2,usec=…
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if n, _, found := strings.Cut(rest, ","); ok && found {
			counts[name], _ = strconv.Atoi(n)
		}
	}
	return counts
}

// A create costs as many commands where there are 300 relays as where there is one.
func TestCostOfCreate(t *testing.T) {
	t.Parallel()
	for _, relays := range []int{1, 300} {
		t.Run(fmt.Sprint(relays), func(t *testing.T) {
			server := redistest.Start(t, redistest.Options{})
			f := newFleet()
			relay, router := open(t, server.URL()), open(t, server.URL())
			wait(t, serve(t, relay, "a", f), "serving")
			for i := range relays {
				if err := relay.Announce(t.Context(), bus.Node{ID: fmt.Sprint("a", strings.Repeat("x", i))}); err != nil {
					t.Fatal(err)
				}
			}
			const creates = 100
			ask := func(i int) {
				t.Helper()
				if nodes, err := router.Nodes(t.Context()); err != nil || len(nodes) != relays {
					t.Fatalf("%d nodes: %v", len(nodes), err)
				}
				if _, err := router.Open(t.Context(), "a", bus.OpenRequest{Target: fmt.Sprint(i)}); err != nil {
					t.Fatal(err)
				}
			}
			ask(0) // the first has scripts loaded, and answers subscribed
			before := calls(server)
			for i := range creates {
				ask(1 + i)
			}
			spent := calls(server)
			maps.DeleteFunc(spent, func(name string, n int) bool { return n == before[name] })
			// Two of them publish: the question, and the answer.
			if got := spent["publish"] - before["publish"]; got != 2*creates {
				t.Errorf("%d creates published %d times", creates, got)
			}
			if got := spent["set"] - before["set"]; got != creates {
				t.Errorf("%d creates claimed %d times", creates, got)
			}
			// What else was run is the time's: the list, and signs of life, by the half
			// second, and what this test asks.
			timely := map[string]bool{
				"evalsha": true, "time": true, "zrangebyscore": true, "zremrangebyscore": true, "hvals": true, "hdel": true, "zrem": true,
				"ping": true, "info": true,
			}
			for name := range spent {
				if name != "publish" && name != "set" && !timely[name] {
					t.Errorf("%d creates ran %s %d times", creates, name, spent[name]-before[name])
				}
			}
			if n := spent["evalsha"] - before["evalsha"]; n > creates/2 {
				t.Errorf("%d creates ran scripts %d times", creates, n)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for _, at := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d at once", at), func(b *testing.B) {
			server := redistest.Start(b, redistest.Options{})
			relay, router := open(b, server.URL()), open(b, server.URL())
			wait(b, serve(b, relay, "a", answering{}), "serving")
			if _, err := router.Open(b.Context(), "a", bus.OpenRequest{}); err != nil {
				b.Fatal(err)
			}
			before := calls(server)
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			done := make(chan error, at)
			for range at {
				go func() {
					for left.Add(-1) >= 0 {
						if _, err := router.Open(context.Background(), "a", bus.OpenRequest{Target: "ws://example.com/"}); err != nil {
							done <- err
							return
						}
					}
					done <- nil
				}()
			}
			for range at {
				if err := <-done; err != nil {
					b.Error(err)
				}
			}
			b.StopTimer()
			sum := 0
			for name, n := range calls(server) {
				if name != "info" {
					sum += n - before[name]
				}
			}
			b.ReportMetric(float64(sum)/float64(b.N), "commands/op")
		})
	}
}

// answering opens at once, and holds nothing.
type answering struct{}

func (answering) Open(context.Context, bus.OpenRequest) (bus.OpenReply, error) {
	return bus.OpenReply{Socket: "s"}, nil
}

func (answering) Close(bus.CloseSockets) {}
