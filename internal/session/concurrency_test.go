package session

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/wire"
)

// How many messages the crowd sends each way.
const (
	crowdUp   = 600
	crowdDown = 1500
)

// Many goroutines send, read, supersede, pause and drain at once. What was
// promised must hold at the end, and the race detector must find nothing.
func TestConcurrency(t *testing.T) {
	for name, sender := range map[string]func(*crowd){
		"with numbers": (*crowd).sendAll, "without": (*crowd).sendShare,
	} {
		t.Run(name, func(t *testing.T) {
			config := Config{BufferLimit: 2000}.WithDefaults()
			c := &crowd{T: t, u: &fakeUpstream{faults: &faults{}, room: 3}, stop: make(chan struct{})}
			ended := make(chan struct{})
			c.s = New("id", c.u, &config, func() { close(ended) })
			c.s.Enter() // so that the grace period plays no part
			var clients, others sync.WaitGroup
			others.Go(c.kernel)
			others.Go(c.target)
			clients.Go(c.reads)
			for range 4 {
				clients.Go(func() { sender(c) })
			}
			late := time.AfterFunc(time.Minute, func() { t.Error("late"); close(c.stop) })
			clients.Wait()
			if late.Stop() {
				close(c.stop)
			}
			others.Wait()
			c.u.allowForce(true)
			c.s.Drop()
			<-ended
			c.s.Leave()
			c.verdict()
			if name == "with numbers" { // else the order is that of the goroutines
				if diff := cmp.Diff(count(crowdUp), c.u.texts()); diff != "" {
					t.Errorf("at the target (-want +got):\n%s", diff)
				}
			}
		})
	}
}

type crowd struct {
	*testing.T
	s    *Session
	u    *fakeUpstream
	stop chan struct{}

	accepts, answers atomic.Int64
	shared           atomic.Uint64 // messages that the senders without numbers took on
	got              atomic.Uint64 // what the client has read up to
	inside           atomic.Int32

	mu       sync.Mutex
	received []string
	readings []*fakeSink // reads owns it until all is over
}

// going gives way to the others, and tells whether to go on.
func (c *crowd) going() bool {
	runtime.Gosched()
	select {
	case <-c.stop:
		return false
	default:
		return true
	}
}

// kernel drains the upstream.
func (c *crowd) kernel() {
	for c.going() {
		c.u.mu.Lock()
		full := c.u.full
		c.u.mu.Unlock()
		if full {
			c.u.drain(c.s, rand.IntN(5))
		}
	}
}

// target sends as long as it is read.
func (c *crowd) target() {
	for n := 1; n <= crowdDown && c.going(); {
		if !c.u.isPaused() {
			c.s.OnMessage(wire.Frame{Kind: wire.Binary, Data: fmt.Append(nil, n)})
			n++
		}
	}
}

// send begins a request, which acknowledges what was read.
func (c *crowd) send(n uint64, data []string) <-chan Result {
	c.accepts.Add(1)
	done := make(chan Result, 1)
	c.s.Enter()
	c.s.Accept(Send{N: n, Frames: texts(data...), Whole: true, Ack: given(c.got.Load())}, func(r Result) {
		c.answers.Add(1)
		done <- r
		c.s.Leave()
	})
	return done
}

// sendAll sends all messages, as the other senders do, in batches cut at random,
// some ahead of their turn.
func (c *crowd) sendAll() {
	all := count(crowdUp)
	var ahead []<-chan Result
	reached := 0
	hear := func(done <-chan Result) {
		r := <-done
		if r.Err != nil {
			c.Error(r.Err)
		}
		reached = max(reached, int(r.N))
	}
	for reached < crowdUp && c.going() {
		first := min(reached+rand.IntN(4), crowdUp-1)
		last := min(first+1+rand.IntN(4), crowdUp)
		ahead = append(ahead, c.send(uint64(first+1), all[first:last]))
		hear(c.send(uint64(reached+1), all[reached:reached+1]))
	}
	for _, done := range ahead {
		hear(done)
	}
}

// sendShare sends its share of the messages, without numbers.
func (c *crowd) sendShare() {
	for n := c.shared.Add(1); n <= crowdUp && c.going(); n = c.shared.Add(1) {
		if r := <-c.send(0, []string{fmt.Sprint(n)}); r.Err != nil {
			c.Error(r.Err)
		}
	}
}

// reads attaches one reader after the other, of which some never reach the client.
func (c *crowd) reads() {
	for c.got.Load() < crowdDown && c.going() {
		k := &fakeSink{
			faults: c.u.faults, inside: &c.inside, skips: true,
			limit: rand.IntN(4), outcome: []Outcome{Done, More, Full}[rand.IntN(3)],
		}
		if rand.IntN(3) > 0 {
			k.each = c.receive
		}
		c.readings = append(c.readings, k)
		if _, err := c.s.Attach(k, given(c.got.Load())); err != nil {
			c.Error(err)
			return
		}
		for range rand.IntN(5) {
			c.s.Ready(k)
			runtime.Gosched()
		}
		if rand.IntN(2) == 0 {
			c.s.Detach(k)
		}
	}
}

// receive is the client, which knows each message by its number.
func (c *crowd) receive(seq uint64, frames []wire.Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, f := range frames {
		switch n := seq + uint64(i); {
		case n > c.got.Load()+1:
			c.u.add("%d comes after %d", n, c.got.Load())
		case n == c.got.Load()+1:
			c.received = append(c.received, show(f))
			c.got.Store(n)
		}
	}
}

// verdict is what holds at the end, however the client sends.
func (c *crowd) verdict() {
	for _, fault := range c.u.get() {
		c.Error(fault)
	}
	if accepts, answers := c.accepts.Load(), c.answers.Load(); accepts != answers {
		c.Errorf("%d sends, %d answers", accepts, answers)
	}
	if diff := cmp.Diff(count(crowdDown), c.received); diff != "" {
		c.Errorf("at the client (-want +got):\n%s", diff)
	}
	got, want := c.u.texts(), count(crowdUp)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		c.Errorf("at the target, sorted (-want +got):\n%s", diff)
	}
	for _, k := range c.readings {
		if k.told != 1 {
			c.Errorf("a reader was detached %d times", k.told)
		}
	}
	s := c.s
	if s.down.queue != nil || s.down.bytes+s.up.bytes+s.up.queued+len(s.up.held)+len(s.up.queue)+len(s.up.waiting)+s.requests != 0 {
		c.Errorf("left behind: %+v, %+v", s.up, s.down)
	}
}

// count counts from 1 to n.
func count(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(i + 1)
	}
	return all
}
