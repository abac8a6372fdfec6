package redisbus

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/wire"
)

const (
	// answerWithin is how long a relay has to take a request; then the router claims
	// it.
	answerWithin = time.Second
	// claimedWithin bounds all from the asking until somebody has the request.
	claimedWithin = 1500 * time.Millisecond
	// watchEvery is how often a router that waits for a result sees whether the relay
	// is still there.
	watchEvery = 500 * time.Millisecond
)

// asked is what this process waits for, as a router.
type asked struct {
	mu      sync.Mutex
	waiting map[string]chan<- answer // by the request's id; each has room for one
	given   memory[*abandoned]       // by the request's id: nothing of it is to stay open
	pending map[string]*abandoned    // those of them whose relay has not been told
}

// abandoned is a request that nobody waits for any more.
type abandoned struct{ id, node string }

// mostAbandoned bounds what is remembered of them.
const mostAbandoned = 100_000

func newAsked() asked {
	return asked{
		waiting: make(map[string]chan<- answer), given: newMemory[*abandoned](claimLease, mostAbandoned),
		pending: make(map[string]*abandoned),
	}
}

// expect makes a question's id, and the channel that its answer comes by. The id must
// be given to done.
func (a *asked) expect() (id string, answers <-chan answer) {
	id = rand.Text()
	c := make(chan answer, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting[id] = c
	return id, c
}

func (a *asked) done(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.waiting, id)
}

// answering is the current line, and answers come by it.
func (b *Bus) answering(ctx context.Context) (*line, error) {
	l, err := b.current(ctx)
	if err != nil || l.answers.Load() {
		return l, err
	}
	b.mu.Lock()
	b.asking = true
	b.mu.Unlock()
	if err := b.subscribe(l, false); err != nil {
		l.fail(err)
		return nil, err
	}
	return l, nil
}

// Open implements bus.Relays. It asks on one line, and claims on the same: where that
// breaks, what has become of the request is not known, and nobody else is asked.
func (b *Bus) Open(ctx context.Context, node string, r bus.OpenRequest) (bus.OpenReply, error) {
	if err := ctx.Err(); err != nil {
		return bus.OpenReply{}, err
	}
	start := time.Now()
	l, err := b.answering(ctx)
	if err != nil {
		return bus.OpenReply{}, bus.Unavailable()
	}
	id, answers := b.asked.expect()
	defer b.asked.done(id)
	channel, message := b.sealQuestion(node, question{Kind: openSocket, ID: id, Router: b.id, Open: &r})
	// Not ctx's: what is half said is not known to be unsaid.
	switch n, err := l.publish(b.life, channel, message); {
	case err != nil:
		b.abandon(id, node)
		return bus.OpenReply{}, bus.Unavailable()
	case n == 0:
		return bus.OpenReply{}, bus.ErrDeclined
	}
	late := time.NewTimer(answerWithin - time.Since(start))
	defer late.Stop()
	select {
	case a := <-answers:
		return a.result()
	case <-late.C:
	case <-ctx.Done():
		b.abandon(id, node)
		return bus.OpenReply{}, ctx.Err()
	case <-l.down:
		b.abandon(id, node)
		return bus.OpenReply{}, bus.Unavailable()
	}
	claiming, cancel := context.WithDeadline(b.life, start.Add(claimedWithin))
	defer cancel()
	ours, err := l.claim(claiming, id, b.id)
	switch {
	case err != nil:
		b.abandon(id, node)
		return bus.OpenReply{}, bus.Unavailable()
	case ours:
		return bus.OpenReply{}, bus.ErrDeclined
	}
	return b.await(ctx, l, id, node, answers)
}

// await waits for the result of a request that the relay has taken. How long that may
// take is the relay's to bound, as long as it is there.
func (b *Bus) await(ctx context.Context, l *line, id, node string, answers <-chan answer) (bus.OpenReply, error) {
	watch := time.NewTicker(watchEvery)
	defer watch.Stop()
	for {
		var err error
		select {
		case a := <-answers:
			return a.result()
		case <-watch.C:
			// No answer says nothing of the relay; what it says of the line, the line tells.
			if n, err := l.receivers(b.life, relayChannel(node)); err != nil || n > 0 {
				continue
			}
			select { // it may have answered and gone
			case a := <-answers:
				return a.result()
			default:
			}
			err = bus.Unavailable()
		case <-ctx.Done():
			err = ctx.Err()
		case <-l.down:
			err = bus.Unavailable()
		}
		b.abandon(id, node)
		return bus.OpenReply{}, err
	}
}

// Tell implements bus.Relays. An error says that the node has not been told.
func (b *Bus) Tell(ctx context.Context, node string, c bus.CloseSockets) error {
	n, err := b.send(ctx, node, question{
		Kind: closeSockets, ID: rand.Text(), Close: c.Sockets, Keys: c.Keys, Tokens: c.Tokens, Code: c.Code, Reason: c.Reason,
	})
	if err == nil && n == 0 {
		err = wire.Errorf(wire.NoRelay, "nobody listens there")
	}
	if err != nil {
		return fmt.Errorf("tell the relay %s: %w", node, err)
	}
	return nil
}

// send publishes a question that is not claimed, and tells how many received it.
func (b *Bus) send(ctx context.Context, node string, q question) (int64, error) {
	l, err := b.current(ctx)
	if err != nil {
		return 0, err
	}
	channel, message := b.sealQuestion(node, q)
	return l.publish(ctx, channel, message)
}

// abandon sees to it that nothing of a request stays open: its relay is told, now or
// when Redis is back, and again should it answer that it has opened the socket.
func (b *Bus) abandon(id, node string) {
	a := &abandoned{id, node}
	b.asked.mu.Lock()
	delete(b.asked.waiting, id)
	if !b.asked.given.put(id, a, time.Now()) {
		b.asked.mu.Unlock()
		return // too many: its socket has its grace period
	}
	b.asked.pending[id] = a
	b.asked.mu.Unlock()
	b.spawn(func() { b.cancel(a) })
}

// cancel tells an abandoned request's relay. One that does not hear it may be on its
// way back to Redis, as after a failover.
func (b *Bus) cancel(a *abandoned) {
	if n, err := b.send(b.life, a.node, question{Kind: cancelOpen, ID: a.id}); err != nil || n == 0 {
		return // cancelAll tries again
	}
	b.asked.mu.Lock()
	defer b.asked.mu.Unlock()
	delete(b.asked.pending, a.id)
}

// cancelAll tells what could not be told before, until that is over.
func (b *Bus) cancelAll() {
	b.asked.mu.Lock()
	b.asked.given.forget(time.Now())
	var all []*abandoned
	for id, a := range b.asked.pending {
		if _, known := b.asked.given.values[id]; known {
			all = append(all, a)
		} else {
			delete(b.asked.pending, id) // too late: it is over
		}
	}
	b.asked.mu.Unlock()
	for _, a := range all {
		b.cancel(a)
	}
}

// answered takes what came on this process's channel. It must not block.
func (b *Bus) answered(sealed string) {
	a, err := b.readAnswer(sealed)
	if err != nil {
		b.dropped.note("an answer", err)
		return
	}
	b.asked.mu.Lock()
	waiting := b.asked.waiting[a.ID]
	delete(b.asked.waiting, a.ID)
	given, ok := b.asked.given.get(a.ID, time.Now())
	b.asked.mu.Unlock()
	switch {
	case waiting != nil:
		waiting <- a
	case ok && a.Socket != "":
		b.spawn(func() { b.cancel(given) })
	}
}

// spawn runs f as one of the bus's goroutines, unless the bus is closed.
func (b *Bus) spawn(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.life.Err() == nil {
		b.work.Go(f)
	}
}
