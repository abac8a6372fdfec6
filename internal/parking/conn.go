package parking

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/outbox"
	"github.com/polysocket/polysocket/internal/poller"
)

// Events are what a Conn tells. Its methods are called in any goroutine, with no lock
// held, and never from within a method of the Conn but Cut.
type Events interface {
	// Writable tells that all that was written is with the kernel, after Write said
	// full.
	Writable()
	// Over is called once, as the last: the response is complete, or its connection
	// has broken.
	Over()
}

// A Conn is a parked connection. It is in one of these states:
//
//	         Finish                    all written
//	parked ──────────▶ finishing ─────────────────▶ waiting ── readable ──▶ back at the server
//	   │                   │                           │
//	   └─ hangup, stuck, Cut ──────────▶ gone ◀────────┘ hangup, idle, drain
//
// Its methods never block.
type Conn struct {
	lot     *Lot
	server  *http.Server
	out     *outbox.Outbox
	watch   *poller.Watch // nil where the connection is somebody's own, and listen waits
	chunked bool          // the body is in chunks; HTTP/1.0 has none
	keep    bool          // the connection is good for another request

	mu    sync.Mutex
	ahead []byte // what the client has sent of its next request
	leave func() // the account; nil: it has not joined one
	on    Events
	state state
	idle  *time.Timer // while it waits for a request
}

type state byte

const (
	parked state = iota
	finishing
	waiting
	gone
)

// open begins to watch the connection.
func (c *Conn) open(conn net.Conn) {
	c.out = outbox.New(conn, stuckTime)
	c.out.WhenSettled(c.settled)
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	raw := outbox.Raw(conn)
	if raw == nil {
		return
	}
	// A connection that has died without a word is not to hold its socket for long.
	_ = raw.Control(limitUnacknowledged)
	c.watch, _ = c.lot.poller.Watch(conn, c.happened) // where it fails, listen does the same
}

// Charge has what the client does not take counted by the account, which may then cut
// the response. It is called before Start.
func (c *Conn) Charge(a *budget.Account) {
	c.out.Charge(a)
	leave := a.Join(c.Cut)
	c.mu.Lock()
	c.leave = leave
	c.mu.Unlock()
}

// uncharge lets go of the account: the response is over. The lock must be held.
func (c *Conn) uncharge() {
	if c.leave != nil {
		c.leave()
		c.leave = nil
	}
}

// Start begins to tell. Until then nothing may be written.
func (c *Conn) Start(on Events) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == gone { // the lot has closed meanwhile
		go on.Over()
		return
	}
	c.on = on
	switch {
	case c.watch != nil:
		c.arm(poller.Hangup)
	case len(c.ahead) == 0: // else the next byte is there, and net/http would not notice a hangup either
		go c.listen()
	}
}

// listen does what the poller does, for a connection that it does not know: it waits
// for the next byte, or the end.
func (c *Conn) listen() {
	var p [1]byte
	n, _ := c.out.Conn.Read(p[:])
	c.mu.Lock()
	switch {
	case c.state == gone:
		c.mu.Unlock()
	case n == 0:
		c.end()
	default:
		if c.ahead = append(c.ahead, p[0]); c.state == waiting {
			c.goBack()
			return
		}
		c.mu.Unlock()
	}
}

// arm asks for events. The lock must be held.
func (c *Conn) arm(e poller.Event) {
	if c.watch == nil {
		return
	}
	if err := c.watch.Arm(e); err != nil {
		go c.endIf(parked, finishing, waiting) // it is closed, or the system is out of memory
	}
}

// happened takes an event of the poller.
func (c *Conn) happened(e poller.Event) {
	c.mu.Lock()
	switch {
	case c.state == gone:
		c.mu.Unlock()
	case c.state == waiting && e&poller.Readable != 0:
		c.goBack()
	case e&poller.Hangup != 0:
		c.end()
	default:
		c.mu.Unlock()
	}
}

// Respond writes an answer whole, and finishes. answer gets a ResponseWriter that
// has this header, and that takes all at once.
func (c *Conn) Respond(header http.Header, answer func(http.ResponseWriter)) {
	w := &recorder{header: header, status: http.StatusOK}
	answer(w)
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	response := http.Response{
		StatusCode: w.status, ProtoMajor: 1, Header: header,
		ContentLength: int64(w.body.Len()), Body: io.NopCloser(&w.body), Close: !c.keep || c.lot.closing(),
	}
	if c.chunked {
		response.ProtoMinor = 1
	}
	var whole bytes.Buffer
	_ = response.Write(&whole) // into memory
	c.write(whole.Bytes())
	c.finish(nil)
}

// Finish ends a response that was written in pieces, after the last of them.
func (c *Conn) Finish() {
	var last []byte
	if c.chunked {
		last = []byte("0\r\n\r\n")
	}
	c.finish(last)
}

func (c *Conn) finish(last []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != parked {
		return
	}
	c.state = finishing
	c.push(last)
	if !c.out.Busy() { // whoever finishes is not to be called back before it has returned
		go c.settled()
	}
}

// Cut closes the connection at once, unless the response is over.
func (c *Conn) Cut() { c.endIf(parked, finishing) }

// drain closes the connection if it waits for a request.
func (c *Conn) drain() { c.endIf(waiting) }

// endIf closes the connection if it is in one of these states.
func (c *Conn) endIf(states ...state) {
	c.mu.Lock()
	if !slices.Contains(states, c.state) {
		c.mu.Unlock()
		return
	}
	c.end()
}

// end closes the connection. It is called with the lock held, and gives it back.
func (c *Conn) end() {
	over := c.state != waiting
	c.state = gone
	c.stopIdle()
	c.uncharge()
	if c.watch != nil {
		c.watch.End()
	}
	on := c.on
	c.mu.Unlock()
	if _, ok := c.out.Conn.(*tls.Conn); ok {
		go c.close() // which waits up to 5 s until its close_notify is with the kernel
	} else {
		c.close()
	}
	if over && on != nil {
		on.Over()
	}
}

func (c *Conn) close() {
	_ = c.out.Close()
	c.lot.remove(c)
	c.lot.ended(c.out.Conn)
}

func (c *Conn) stopIdle() {
	if c.idle != nil {
		c.idle.Stop()
	}
}

// complete is the end of the response. It is called with the lock held, and gives
// it back.
func (c *Conn) complete() {
	if !c.keep || c.lot.closing() {
		c.end()
		return
	}
	on := c.on
	c.on = nil
	c.state = waiting
	c.uncharge()
	c.mu.Unlock()
	on.Over()
	c.mu.Lock()
	switch {
	case c.state != waiting:
		c.mu.Unlock()
	case len(c.ahead) > 0:
		c.goBack()
	default:
		c.idle = time.AfterFunc(idleTime, c.drain)
		c.arm(poller.Readable)
		c.mu.Unlock()
	}
}

// goBack gives the connection back to its server, which finds the next request in
// it. It is called with the lock held, and gives it back.
func (c *Conn) goBack() {
	c.state = gone
	c.stopIdle()
	if c.watch != nil {
		c.watch.End()
	}
	c.mu.Unlock()
	c.lot.leave(c.server, join(c.out.Conn, c.ahead))
	c.lot.remove(c)
}
