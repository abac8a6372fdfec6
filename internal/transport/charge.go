package transport

import (
	"net/http"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/budget"
)

// formCost is what a byte of a form takes while it is taken apart, and one of a raw body.
const (
	formCost = 2
	rawCost  = 1
)

// reads has what is read of the body charged to the session's account, each byte as
// cost, until release. Meanwhile the account can interrupt the reading.
func (v *visit) reads(cost int) (done func()) {
	account := v.session.Account()
	v.body.Count(func(bytes int) {
		v.held += cost * bytes
		account.Add(cost * bytes)
	})
	return account.Join(v.body.Interrupt)
}

// release tells that nothing is kept of the body.
func (v *visit) release() {
	v.session.Account().Add(-v.held)
	v.held = 0
}

// smallAnswer is what is not worth being charged while it is written, in bytes.
const smallAnswer = 16 << 10

// write writes the answer from the handler. A large one is charged meanwhile, and can be
// cut.
func (p *pending) write(w http.ResponseWriter) {
	size := 0
	if p.weigh != nil {
		size = p.weigh()
	}
	if size < smallAnswer {
		p.answer(w)
		return
	}
	c := &cuttable{ResponseWriter: w, control: http.NewResponseController(w)}
	defer p.account.Join(c.cut)()
	p.account.Add(size)
	defer p.account.Add(-size)
	p.answer(c)
}

// A cuttable is a ResponseWriter whose writing somebody else can end, whatever deadlines
// are set by who writes.
type cuttable struct {
	http.ResponseWriter
	control *http.ResponseController

	mu   sync.Mutex
	over bool
}

// Unwrap is for http.ResponseController.
func (c *cuttable) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// SetWriteDeadline is for http.ResponseController.
func (c *cuttable) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return nil
	}
	return c.control.SetWriteDeadline(t)
}

func (c *cuttable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	_ = c.control.SetWriteDeadline(longAgo) // where it cannot be set the server's own holds
}

// charged is the account that a read of many sockets is charged to: the first one's.
func charged(asked []*reading) *budget.Account {
	for _, a := range asked {
		if a.session != nil {
			return a.session.Account()
		}
	}
	return nil
}
