package transport

import (
	"net/http"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/parking"
)

// linger is how long a handler waits for an answer itself. Parking is dearer than
// an answer that comes at once, and cheaper than one that comes late.
const linger = 100 * time.Millisecond

// A pending is a request that has one answer, which is to come. While it waits for
// long its connection is parked, and it holds no goroutine.
type pending struct {
	// answer writes the answer. It may keep nothing of the request.
	answer func(http.ResponseWriter)
	// gone is told when the client has hung up before the answer.
	gone func()
	// leave is called when the request is over.
	leave func()
	// weigh is how many bytes the answer has, about, and account what they are charged to
	// while they are written. Both may be nil.
	weigh   func() int
	account *budget.Account

	done chan struct{} // closed by finish

	mu       sync.Mutex
	finished bool
	timer    *time.Timer
	conn     *parking.Conn // where it is parked
	header   http.Header   // for the answer, where it is
	release  func()        // the request, where it is
}

// after calls expire when so much time has passed and there is no answer yet.
func (p *pending) after(d time.Duration, expire func()) {
	if d == 0 {
		expire()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.finished {
		p.timer = time.AfterFunc(d, expire)
	}
}

// finish has the answer written: all that it needs is there. Further calls do
// nothing.
func (p *pending) finish() {
	p.mu.Lock()
	if p.finished {
		p.mu.Unlock()
		return
	}
	p.finished = true
	if p.timer != nil {
		p.timer.Stop()
	}
	close(p.done)
	conn := p.conn
	p.mu.Unlock()
	if conn != nil {
		conn.Respond(p.header, p.answer)
	}
}

// wait waits for the answer and writes it, or leaves that to finish.
func (h *Handler) wait(w http.ResponseWriter, r *http.Request, p *pending) {
	timer := time.NewTimer(linger)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-r.Context().Done():
	case <-timer.C:
		if conn, ok := h.lot.Park(w, r); ok {
			p.release = endpoint.Keep(r)
			p.park(conn, w.Header())
			return
		}
		select {
		case <-p.done:
		case <-r.Context().Done():
		}
	}
	defer p.leave()
	select {
	case <-p.done:
		p.write(w)
	default:
		p.gone()
		endpoint.Abandon()
	}
}

// park leaves the answer to finish.
func (p *pending) park(conn *parking.Conn, header http.Header) {
	conn.Charge(p.account)
	conn.Start(p)
	p.mu.Lock()
	p.conn, p.header = conn, header
	finished := p.finished
	p.mu.Unlock()
	if finished {
		conn.Respond(header, p.answer)
	}
}

// Writable implements parking.Events: there is no more to write.
func (p *pending) Writable() {}

// Over implements parking.Events.
func (p *pending) Over() {
	select {
	case <-p.done:
	default:
		p.gone()
	}
	p.release()
	p.leave()
}
