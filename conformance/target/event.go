package target

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// The kinds of Event.
const (
	KindText   = "text"
	KindBinary = "binary"
	KindPart   = "part" // a frame of an unfinished message; only with Options.Parts
	KindClose  = "close"
	KindEnd    = "end" // the TCP connection is over
	KindWrong  = "wrong"
	KindPing   = "ping"
	KindPong   = "pong"
)

// Event is one thing that a target saw on a connection.
type Event struct {
	Kind   string
	Data   []byte // of a message, a part, a ping or a pong
	Code   int    // of a close; 1005 where it had none
	Reason string // of a close; of a wrong, what was wrong
	Parts  int    // of a message: how many frames it came in
	At     time.Time
}

// String is the event in one line: "text hello", "binary \x00\x01", "close 1000 bye", "end".
func (e Event) String() string {
	switch e.Kind {
	case KindClose:
		return strings.TrimSuffix(fmt.Sprintf("close %d %s", e.Code, e.Reason), " ")
	case KindEnd:
		return KindEnd
	case KindWrong:
		return "wrong " + e.Reason
	}
	return e.Kind + " " + string(e.Data)
}

// queue is an unbounded queue, so that keeping the record never makes a target slow.
type queue struct {
	mu     sync.Mutex
	events []Event
	more   chan struct{} // has room for one: something was added
}

func newQueue() *queue { return &queue{more: make(chan struct{}, 1)} }

func (q *queue) put(e Event) {
	e.At = time.Now()
	q.mu.Lock()
	q.events = append(q.events, e)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// get returns the oldest event, waiting for it at most d. One goroutine at a time may call it.
func (q *queue) get(d time.Duration) (Event, bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		q.mu.Lock()
		if len(q.events) > 0 {
			e := q.events[0]
			q.events = q.events[1:]
			q.mu.Unlock()
			return e, true
		}
		q.mu.Unlock()
		select {
		case <-q.more:
		case <-timer.C:
			return Event{}, false
		}
	}
}

// gate is a door that reads go through; it can be shut to stall them.
type gate struct {
	mu   sync.Mutex
	open chan struct{} // closed: the gate is open
}

func newGate(open bool) *gate {
	g := &gate{open: make(chan struct{})}
	if open {
		close(g.open)
	}
	return g
}

func (g *gate) pass() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

func (g *gate) lift() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
	default:
		close(g.open)
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
		g.open = make(chan struct{})
	default:
	}
}
