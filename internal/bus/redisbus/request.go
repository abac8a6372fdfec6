package redisbus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

var errRepeated = errors.New("it was said before, or there is more than can be remembered")

// A request is one socket that a relay is asked to open: first it is claimed, then
// opened, then answered.
type request struct {
	server *server
	line   *line // that it came by, and is claimed on
	asked  question

	life context.Context // ends when it is cancelled, and with Serve
	end  context.CancelFunc

	mu        sync.Mutex
	cancelled bool
	socket    string // that is open
}

func newRequest(s *server, l *line, q question) *request {
	r := &request{server: s, line: l, asked: q}
	r.life, r.end = context.WithCancel(s.life)
	return r
}

// serve does what is asked.
func (r *request) serve() {
	defer r.end()
	ours, err := r.line.claim(r.life, r.asked.ID, r.server.node, claimLease)
	if err == nil && !ours {
		return // the router has it: it does not wait any longer
	}
	a := answer{ID: r.asked.ID}
	if err != nil {
		// It may be claimed, and will not be opened.
		a.Declined = true
		r.answer(a)
		return
	}
	reply, err := r.server.h.Open(r.life, *r.asked.Open)
	if err != nil {
		a.setError(err)
		r.answer(a)
		return
	}
	r.mu.Lock()
	cancelled := r.cancelled
	r.socket = reply.Socket
	r.mu.Unlock()
	if cancelled {
		r.drop()
		return
	}
	a.Socket, a.Protocol = reply.Socket, reply.Protocol
	if !r.answer(a) {
		r.drop()
	}
}

const (
	answerAgain = 250 * time.Millisecond
	// answerFor is how long an answer is tried for. A socket that nobody has been told
	// of is left to its grace period then: they may have been told.
	answerFor = 30 * time.Second
)

// answer publishes the answer until it is known whether the router has it. It is
// false where the router is known not to be there.
func (r *request) answer(a answer) bool {
	tick := time.NewTicker(answerAgain)
	defer tick.Stop()
	for deadline := time.Now().Add(answerFor); ; {
		n, err := r.server.answer(r.asked.Router, a)
		if err == nil {
			return n > 0
		}
		if time.Now().After(deadline) {
			return true
		}
		select {
		case <-tick.C:
		case <-r.life.Done():
			return true // cancelled: that drops it; or the relay ends, with all its sockets
		}
	}
}

// cancel ends the request: nothing stays open.
func (r *request) cancel() {
	r.mu.Lock()
	r.cancelled = true
	open := r.socket != ""
	r.mu.Unlock()
	r.end()
	if open {
		r.drop()
	}
}

func (r *request) drop() {
	r.server.h.Close(bus.CloseSockets{Sockets: []string{r.socket}})
}
