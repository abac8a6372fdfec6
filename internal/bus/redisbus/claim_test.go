package redisbus

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/internal/wire"
)

// overhear subscribes to what a node is asked, as a relay that does nothing: one that
// is too slow, or has gone.
func overhear(t *testing.T, url, node string) (messages <-chan rueidis.PubSubMessage, leave func()) {
	t.Helper()
	b := open(t, url)
	l, err := b.current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan rueidis.PubSubMessage, 10)
	subscribed := make(chan struct{})
	ctx, stop := context.WithCancel(rueidis.WithOnSubscriptionHook(context.Background(), func(s rueidis.PubSubSubscription) {
		if s.Kind == "subscribe" {
			close(subscribed)
		}
	}))
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = l.client.Receive(ctx, l.client.B().Subscribe().Channel(relayChannel(node)).Build(), func(m rueidis.PubSubMessage) {
			select {
			case heard <- m:
			default: // nobody listens
			}
		})
	})
	wait(t, subscribed, "the subscription")
	leave = sync.OnceFunc(func() { stop(); wg.Wait(); b.Close() })
	t.Cleanup(leave)
	return heard, leave
}

// deliver lets a node hear a message, once it is served, by the line, or where that is
// nil by its own; it returns when all has been done that the node makes of it.
func deliver(t *testing.T, url, node string, f *fleet, by *line, messages ...rueidis.PubSubMessage) {
	t.Helper()
	b := open(t, url)
	ctx, stop := context.WithCancel(t.Context())
	begun, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- b.Serve(ctx, node, f, func() { close(begun) }) }()
	wait(t, begun, "serving")
	if by == nil {
		by, _ = b.current(t.Context())
	}
	for _, m := range messages {
		b.receive(by, m)
		// Its own answer comes first, else it would be cut short below.
		b.mu.Lock()
		s := b.serving[node]
		b.mu.Unlock()
		s.tasks.Wait()
	}
	stop()
	<-done
}

func isUnavailable(err error) bool {
	var said *wire.Error
	return errors.As(err, &said) && said.Code == wire.NoRelay
}

func TestLateRelayDoesNotOpen(t *testing.T) {
	t.Parallel()
	url := redistest.Start(t, redistest.Options{}).URL()
	heard, _ := overhear(t, url, "a")
	router := open(t, url)
	if _, err := router.Open(t.Context(), "a", bus.OpenRequest{Target: "x"}); !errors.Is(err, bus.ErrDeclined) {
		t.Errorf("asked a relay that does not answer: %v, want %v", err, bus.ErrDeclined)
	}
	f := newFleet()
	deliver(t, url, "a", f, nil, <-heard)
	if n := f.times("x"); n != 0 {
		t.Errorf("the router has gone on to another relay, and this one opened it %d times", n)
	}
}

// Redis restarts between the asking and the claims, and has forgotten all. Who has not
// claimed on the line that carried the request has no say.
func TestLostClaim(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	heard, _ := overhear(t, server.URL(), "a")
	relay := open(t, server.URL())
	carried, err := relay.current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	router := open(t, server.URL())
	opened := make(chan error, 1)
	go func() {
		_, err := router.Open(context.Background(), "a", bus.OpenRequest{Target: "x"})
		opened <- err
	}()
	m := <-heard
	server.Restart()
	if err := <-opened; !isUnavailable(err) {
		t.Errorf("a request that was lost with Redis: %v, want %v, and nobody else asked", err, wire.NoRelay)
	}
	wait(t, carried.down, "the line to be lost")
	f := newFleet()
	deliver(t, server.URL(), "a", f, carried, m)
	if n := f.times("x"); n != 0 {
		t.Errorf("claimed on another line than that which carried it, it was opened %d times", n)
	}
}

func TestTwoTakeOne(t *testing.T) {
	t.Parallel()
	url := redistest.Start(t, redistest.Options{}).URL()
	f := newFleet()
	for range 2 { // two processes under one name
		wait(t, serve(t, open(t, url), "a", f), "serving")
	}
	router := open(t, url)
	for _, target := range []string{"x", "y", "z"} {
		if _, err := router.Open(t.Context(), "a", bus.OpenRequest{Target: target}); err != nil {
			t.Error(err)
		}
		if n := f.times(target); n != 1 {
			t.Errorf("%s was opened %d times", target, n)
		}
	}
}

// The relay has the request, and dies.
func TestRelayGone(t *testing.T) {
	t.Parallel()
	url := redistest.Start(t, redistest.Options{}).URL()
	heard, leave := overhear(t, url, "a")
	router := open(t, url)
	opened := make(chan error, 1)
	go func() {
		_, err := router.Open(context.Background(), "a", bus.OpenRequest{Target: "x"})
		opened <- err
	}()
	q := questionOf(t, router, <-heard)
	l, err := open(t, url).current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := l.claim(t.Context(), q.ID, "a"); err != nil || !ok {
		t.Fatalf("claim: %v, %v", ok, err)
	}
	select {
	case err := <-opened:
		t.Fatalf("it has not waited for the relay that has the request: %v", err)
	case <-time.After(answerWithin + watchEvery/2): // it does not rest on this: a slow machine sees less
	}
	leave()
	select {
	case err := <-opened:
		if !isUnavailable(err) {
			t.Errorf("the relay is gone: %v, want %v", err, wire.NoRelay)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits for a relay that is gone")
	}
}

// The router is gone when the socket is open: nobody will use it.
func TestRouterGone(t *testing.T) {
	t.Parallel()
	url := redistest.Start(t, redistest.Options{}).URL()
	router := open(t, url)
	f := newFleet()
	asked, gone := make(chan struct{}), make(chan struct{})
	wait(t, serve(t, open(t, url), "a", slow{f, asked, gone}), "serving")
	opened := make(chan error, 1)
	go func() {
		_, err := router.Open(context.Background(), "a", bus.OpenRequest{Target: "x"})
		opened <- err
	}()
	wait(t, asked, "the request")
	router.Close()
	close(gone)
	if err := <-opened; !isUnavailable(err) {
		t.Errorf("open on a bus that was closed: %v", err)
	}
	eventually(t, 10*time.Second, func() string {
		if f.times("x") != 1 || f.holds() != 0 {
			return "the socket that nobody was told of is open"
		}
		return ""
	})
}

// slow opens when it is let, whatever becomes of who asks.
type slow struct {
	*fleet
	asked, let chan struct{}
}

func (s slow) Open(_ context.Context, r bus.OpenRequest) (bus.OpenReply, error) {
	close(s.asked)
	<-s.let
	return s.fleet.Open(context.Background(), r)
}

// The target answers only after the router has lost its line: the socket is closed
// when the two hear of each other again.
func TestRouterCutOff(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	f := newFleet()
	asked, let := make(chan struct{}), make(chan struct{})
	wait(t, serve(t, open(t, server.URL()), "a", slow{f, asked, let}), "serving")
	router := open(t, server.URL())
	opened := make(chan error, 1)
	go func() {
		_, err := router.Open(context.Background(), "a", bus.OpenRequest{Target: "x"})
		opened <- err
	}()
	wait(t, asked, "the request")
	server.Stop()
	if err := <-opened; !isUnavailable(err) {
		t.Errorf("open: %v", err)
	}
	close(let)
	eventually(t, 10*time.Second, func() string {
		if f.holds() != 1 {
			return "it is not open yet"
		}
		return ""
	})
	server.Restart()
	eventually(t, 10*time.Second, func() string {
		if f.holds() != 0 {
			return "the socket that the router has given up is open"
		}
		return ""
	})
}

// questionOf reads a question.
func questionOf(t *testing.T, b *Bus, m rueidis.PubSubMessage) question {
	t.Helper()
	q, err := b.readQuestion(m.Channel, m.Message)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// The relay finds its way back to Redis later than the router, which has given up a
// request that it has open.
func TestRelayBackLate(t *testing.T) {
	t.Parallel()
	url := redistest.Start(t, redistest.Options{}).URL()
	heard, leave := overhear(t, url, "a")
	router := open(t, url)
	ctx, cancel := context.WithCancel(t.Context())
	opened := make(chan error, 1)
	go func() {
		_, err := router.Open(ctx, "a", bus.OpenRequest{Target: "x"})
		opened <- err
	}()
	m := <-heard
	leave()
	cancel()
	if err := <-opened; !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	eventually(t, 10*time.Second, func() string {
		router.asked.mu.Lock()
		defer router.asked.mu.Unlock()
		if len(router.asked.pending) != 1 {
			return "nobody has heard of it, and it is taken for told"
		}
		return ""
	})
	// It is back, with the socket open, before it is told again.
	router.asked.mu.Lock()
	unlock := sync.OnceFunc(router.asked.mu.Unlock)
	defer unlock()
	b := open(t, url)
	f := newFleet()
	wait(t, serve(t, b, "a", f), "serving")
	q := questionOf(t, router, m)
	b.mu.Lock()
	s := b.serving["a"]
	b.mu.Unlock()
	s.mu.Lock()
	r := newRequest(s, nil, q)
	r.socket = "x"
	s.requests.put(q.ID, r, time.Now())
	s.mu.Unlock()
	unlock()
	eventually(t, 10*time.Second, func() string {
		if !f.told("x") {
			return "the socket that the router has given up is open"
		}
		return ""
	})
}
