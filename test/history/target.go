package history

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"github.com/polysocket/polysocket/test/lossless"
)

// A Target is a WebSocket server that checks what goes up, and sends what goes down. Close it.
type Target struct {
	up, down Plan
	flood    bool
	closes   bool
	open     bool
	altered  func(Way, []lossless.Message) []lossless.Message
	server   *httptest.Server
	end      context.CancelFunc

	mu    sync.Mutex
	conns []*served
}

// A served connection is one of a target's.
type served struct {
	checker *Checker
	sent    uint64 // messages that went down
	code    int    // of the close that came
	err     error
	done    chan struct{}
}

// TargetOptions are how a target behaves.
type TargetOptions struct {
	Up, Down Plan

	// Flood sends without regard to what comes. Else the messages down are answers to those that come up, none to
	// one and several to another.
	Flood bool

	// Closes has it close with 4001 when all has arrived. Else it waits to be closed with 1000 and "done".
	Closes bool

	// Open has no certain end: a close may come at any time, with whatever code. Then ask Endings, and not Wait.
	Open bool

	// Alter may change the messages where they leave and where they arrive, for tests of the checker. It is given
	// one and returns those in its place.
	Alter func(Way, []lossless.Message) []lossless.Message
}

// NewTarget starts a target on a port of this machine.
func NewTarget(o TargetOptions) *Target {
	ctx, end := context.WithCancel(context.Background())
	t := &Target{up: o.Up, down: o.Down, flood: o.Flood, closes: o.Closes, open: o.Open, altered: o.Alter, end: end}
	if t.altered == nil {
		t.altered = func(_ Way, m []lossless.Message) []lossless.Message { return m }
	}
	t.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.serve(ctx, w, r) }))
	return t
}

// URL is where it is.
func (t *Target) URL() string { return "ws" + strings.TrimPrefix(t.server.URL, "http") }

// Close breaks what is open.
func (t *Target) Close() {
	t.end()
	t.server.Close()
}

// Wait waits until all connections have ended, and says what was wrong. One of them has the history; those that were
// opened by a create whose answer was lost have nothing.
func (t *Target) Wait(ctx context.Context) error {
	conns, err := t.ended(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	full := 0
	for _, c := range conns {
		switch {
		case c.checker.Arrived() == 0 && t.up.Count > 0: // a create that was lost
		case c.err != nil:
			wrong = append(wrong, c.err)
		default:
			full++
		}
	}
	if len(wrong) == 0 && full != 1 {
		return fmt.Errorf("%d of %d connections have all of the history, want one", full, len(conns))
	}
	return errors.Join(wrong...)
}

// ended waits until all connections have ended.
func (t *Target) ended(ctx context.Context) ([]*served, error) {
	t.mu.Lock()
	conns := t.conns
	t.mu.Unlock()
	for _, c := range conns {
		select {
		case <-c.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("the target has a connection that does not end; %d messages have arrived", c.checker.Arrived())
		}
	}
	return conns, nil
}

func (t *Target) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	s := &served{checker: NewChecker(t.up), done: make(chan struct{})}
	defer close(s.done)
	t.mu.Lock()
	t.conns = append(t.conns, s)
	t.mu.Unlock()
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		s.err = err
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(-1)
	ctx, cancel := context.WithCancel(ctx)
	answers := make(chan int, t.up.Count+1) // so that nobody waits to say one
	var sending sync.WaitGroup
	sending.Go(func() {
		if err := t.send(ctx, conn, s, answers); err != nil || !t.closes {
			return
		}
		select {
		case <-s.checker.Complete():
			_ = conn.Close(4001, "that was all") // the other side sees it
		case <-ctx.Done():
		}
	})
	s.err = t.receive(ctx, conn, s, answers)
	cancel()
	sending.Wait()
}

// receive checks what comes, until the close.
func (t *Target) receive(ctx context.Context, conn *websocket.Conn, s *served, answers chan<- int) error {
	r := rand.New(rand.NewPCG(t.up.Seed, 3))
	for {
		kind, data, err := conn.Read(ctx)
		if err != nil {
			s.code = int(websocket.CloseStatus(err))
			if t.open {
				return nil
			}
			if err := s.checker.Missing(); err != nil {
				return err
			}
			var closed websocket.CloseError
			want := websocket.CloseError{Code: 1000, Reason: "done"}
			if !t.closes && (!errors.As(err, &closed) || closed != want) {
				return fmt.Errorf("up: the end is %w, want %d %q", err, want.Code, want.Reason)
			}
			return nil
		}
		m := lossless.Message{Kind: lossless.Binary, Data: data}
		if kind == websocket.MessageText {
			m.Kind = lossless.Text
		}
		for _, m := range t.altered(Up, []lossless.Message{m}) {
			if err := s.checker.Next(m); err != nil {
				_ = conn.Close(4000, "wrong") // the client need not wait for the rest
				return err
			}
		}
		if !t.flood {
			answers <- []int{0, 0, 1, 4}[r.IntN(4)]
		}
	}
}

// send sends all that goes down: as many messages at a time as answers says, and the rest when all has come up.
func (t *Target) send(ctx context.Context, conn *websocket.Conn, s *served, answers <-chan int) error {
	allowed := uint64(0)
	for n, came := uint64(1), uint64(0); n <= t.down.Count; n++ {
		for !t.flood && n > allowed && came < t.up.Count {
			select {
			case more := <-answers:
				allowed += uint64(more)
				came++
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		for _, m := range t.altered(Down, []lossless.Message{t.down.Message(n)}) {
			kind := websocket.MessageBinary
			if m.Kind == lossless.Text {
				kind = websocket.MessageText
			}
			if err := conn.Write(ctx, kind, m.Data); err != nil {
				return err
			}
		}
		s.sent = n
	}
	return nil
}
