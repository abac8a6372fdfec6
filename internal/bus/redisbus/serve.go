package redisbus

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/polysocket/polysocket/internal/bus"
)

// A server is a relay as it is asked.
type server struct {
	bus   *Bus
	node  string
	h     bus.Handler
	ready func()
	known sync.Once // ready has been called

	life  context.Context // ends with Serve
	end   context.CancelFunc
	tasks sync.WaitGroup // what was asked and has no answer yet

	mu       sync.Mutex
	over     bool             // nothing is taken any more
	seen     memory[struct{}] // the ids of questions: none is acted on twice
	requests memory[*request] // by id, also when they are open, for as long as they may be cancelled
}

// mostSeen bounds what a relay remembers of questions: it takes none that it could
// not remember.
const mostSeen = 1_000_000

// Serve implements bus.Routers. It outlives every loss of Redis, and returns when what
// was asked before ctx ended has its answer.
func (b *Bus) Serve(ctx context.Context, node string, h bus.Handler, ready func()) error {
	s := &server{
		bus: b, node: node, h: h, ready: ready,
		// A seal made on the fastest clock is valid for twice that.
		seen: newMemory[struct{}](2*sealedFor, mostSeen), requests: newMemory[*request](claimLease, mostSeen),
	}
	s.life, s.end = context.WithCancel(ctx)
	defer s.end()
	b.mu.Lock()
	if _, taken := b.serving[node]; taken {
		b.mu.Unlock()
		return fmt.Errorf("serve %s: it is served already", node)
	}
	b.serving[node] = s
	l := b.line
	b.mu.Unlock()
	if l != nil {
		if err := b.subscribe(l, false); err != nil {
			l.fail(err) // the next line has it subscribed
		}
	}
	var err error
	select {
	case <-ctx.Done():
		err = ctx.Err()
	case <-b.life.Done():
		err = fmt.Errorf("serve %s: %w", node, errClosed)
	}
	b.mu.Lock()
	delete(b.serving, node)
	l = b.line
	b.mu.Unlock()
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	s.end()
	if l != nil {
		b.unsubscribe(l, node)
	}
	s.tasks.Wait()
	return err
}

// subscribe has everything that is served subscribed on a line, and what answers come
// by. Where adopt is set, the line is the current one from then on.
func (b *Bus) subscribe(l *line, adopt bool) error {
	served, err := b.subscribeAll(l, adopt)
	for _, s := range served {
		s.known.Do(s.ready)
	}
	return err
}

func (b *Bus) subscribeAll(l *line, adopt bool) (served []*server, err error) {
	l.subscribing.Lock()
	defer l.subscribing.Unlock()
	for {
		b.mu.Lock()
		served = served[:0]
		var missing []string
		want := func(channel string) {
			if !l.channels[channel] {
				missing = append(missing, channel)
			}
		}
		for node, s := range b.serving {
			served = append(served, s)
			want(relayChannel(node))
		}
		if b.asking {
			want(routerChannel(b.id))
		}
		if len(b.watches) > 0 {
			want(keysChannel)
		}
		if len(missing) == 0 && adopt {
			b.line = l
		}
		b.mu.Unlock()
		if len(missing) == 0 {
			return served, nil
		}
		if err := l.subscribe(b.life, missing...); err != nil {
			return nil, err
		}
		for _, channel := range missing {
			l.channels[channel] = true
			if channel == routerChannel(b.id) {
				l.answers.Store(true)
			}
		}
	}
}

// unsubscribe ends what a node is asked by, unless it is served again.
func (b *Bus) unsubscribe(l *line, node string) {
	l.subscribing.Lock()
	defer l.subscribing.Unlock()
	b.mu.Lock()
	_, again := b.serving[node]
	b.mu.Unlock()
	channel := relayChannel(node)
	if again || !l.channels[channel] {
		return
	}
	delete(l.channels, channel)
	if err := l.unsubscribe(b.life, channel); err != nil {
		l.fail(err) // what still came by it would not be known to be unheard
	}
}

// receive takes what came by a line. It runs in the line's reading goroutine, so it
// must not block.
func (b *Bus) receive(l *line, m rueidis.PubSubMessage) {
	if m.Channel == routerChannel(b.id) {
		b.answered(m.Message)
		return
	}
	if m.Channel == keysChannel {
		b.keysPoked(m.Message)
		return
	}
	q, err := b.readQuestion(m.Channel, m.Message)
	if err != nil {
		b.dropped.note("a question", err)
		return
	}
	b.mu.Lock()
	s := b.serving[strings.TrimPrefix(m.Channel, relayChannel(""))]
	b.mu.Unlock()
	if s != nil {
		s.asked(l, q)
	}
}

// asked acts on a question, once.
func (s *server) asked(l *line, q question) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.over {
		return
	}
	if q.Kind == cancelOpen {
		s.seen.put(q.ID, struct{}{}, now) // should it come before what it cancels
		if r, ok := s.requests.get(q.ID, now); ok {
			s.tasks.Go(r.cancel)
		}
		return
	}
	if !s.seen.put(q.ID, struct{}{}, now) {
		s.bus.dropped.note("a question", errRepeated)
		return
	}
	switch q.Kind {
	case openSocket:
		if q.Open == nil {
			return
		}
		r := newRequest(s, l, q)
		if s.requests.put(q.ID, r, now) {
			s.tasks.Go(r.serve)
		}
	case closeSockets:
		s.tasks.Go(func() {
			s.h.Close(bus.CloseSockets{Sockets: q.Close, Keys: q.Keys, Tokens: q.Tokens, Code: q.Code, Reason: q.Reason})
		})
	case ping:
		s.tasks.Go(func() { _, _ = s.answer(q.Router, answer{ID: q.ID}) })
	}
}

// answer publishes an answer on the current line, and tells how many received it.
func (s *server) answer(router string, a answer) (int64, error) {
	l, err := s.bus.current(s.bus.life)
	if err != nil {
		return 0, err
	}
	a.Node = s.node
	channel, message := s.bus.sealAnswer(router, a)
	return l.publish(s.bus.life, channel, message)
}
