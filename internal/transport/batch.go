package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

// How much of a batch is handed to the session at once: what its window takes.
const (
	runCount = 64
	runBytes = 256 << 10
)

// uploadIdle is how long the body of a batch may send nothing. Then, where a message
// could begin, it counts as ended; a client that keeps one open sends a ping now and then.
const uploadIdle = 2 * time.Minute

var errBodyCut = wire.Errorf(wire.BadRequest, "the body did not arrive whole")

// checkBatch tells what is wrong with the parameters of a send with t=f.
func (v *visit) checkBatch(more, raw bool) error {
	switch {
	case !raw:
		return wire.Errorf(wire.BadRequest, "t=f takes a raw body: send a POST that is no form")
	case more:
		return wire.Errorf(wire.BadRequest, "m does not go with t=f, whose body ends on a whole message")
	case v.has("d"):
		return wire.Errorf(wire.BadRequest, "d does not go with t=f: the body is the data")
	}
	return nil
}

// sendBatch takes the messages of a body as they arrive, and answers when all have
// been passed on.
func (h *Handler) sendBatch(w http.ResponseWriter, r *http.Request, v *visit, send session.Send) {
	v.body.MayIdle(uploadIdle)
	account := v.session.Account()
	defer account.Join(v.body.Interrupt)()
	limit := v.session.MessageLimit()
	b := &batch{session: v.session, body: wire.NewBatchReader(r.Body, limit), limit: limit, send: send}
	b.interrupt = v.body.Interrupt
	b.body.Count(account.Add)
	ended := b.read(r.Context())
	b.body.Release() // whatever waits has copies
	if ended {       // all of it is with the session
		h.answerOffer(w, r, v, b.last, send.N > 0, b.before)
		return
	}
	b.cancel()
	if b.gone {
		v.session.Leave()
		endpoint.Abandon()
	}
	h.early(w, r, func() {
		answerSend(w, v.answer, send.N > 0, b.result)
		v.session.Leave() // what else it sends is for nobody
	})
}

// A batch is a body with t=f on its way to the session. What has a number is handed
// over as long as the window has room, whether it is passed on or not.
type batch struct {
	session   *session.Session
	body      *wire.BatchReader
	limit     int
	send      session.Send // its N is the number of what comes next
	interrupt func()       // ends a read of the body that is under way

	mu      sync.Mutex
	reading bool   // interrupt may be called
	stopped bool   // it was
	next    uint64 // send's N, for close

	last   *offer   // what was handed over last
	before []*offer // and those before it that have not been answered
	result session.Result
	gone   bool // the client is
}

// read reads the body and hands it over. Where it was not all, result says why.
func (b *batch) read(ctx context.Context) (ended bool) {
	b.reading = true
	b.next = b.send.N
	unwatch := b.session.Watch(b.close)
	defer func() {
		unwatch()
		b.mu.Lock()
		defer b.mu.Unlock()
		b.reading = false // after that the connection is none of its concern
	}()
	closes := false
	for first := true; ; first = false {
		frames, err := b.body.Next(runCount, runBytes)
		switch {
		case errors.Is(err, wire.ErrBodyBroken) && closes: // it was stopped by its own close
			return true
		case errors.Is(err, io.EOF), b.idled(err):
			if first {
				b.hand(nil)
			}
			return true
		case err != nil:
			b.wrong(err)
			return false
		}
		closes = frames[len(frames)-1].Kind == wire.Close
		if !b.pass(ctx, frames) {
			return false
		}
		if b.body.Last() {
			return true
		}
	}
}

// close ends the reading if nothing of what comes would be taken. What the client
// sends once more, up to its close, is.
func (b *batch) close() {
	b.mu.Lock()
	next := b.next
	b.mu.Unlock()
	if b.session.Closed(next) != nil {
		b.stop()
	}
}

// stop ends the reading.
func (b *batch) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reading {
		b.stopped = true
		b.interrupt()
	}
}

// idled tells whether a body's error is that nothing came for long, where it might as
// well have ended.
func (b *batch) idled(err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return errors.Is(err, os.ErrDeadlineExceeded) && !b.stopped && b.body.Between()
}

// wrong sets the result of a body with which something is wrong, or whose reading was
// stopped.
func (b *batch) wrong(err error) {
	switch {
	case errors.Is(err, wire.ErrMessageTooLarge):
		b.result.Err = wire.Errorf(wire.TooLarge, "a message in the body is over the limit of %d bytes", b.limit)
	case !errors.Is(err, wire.ErrBodyBroken):
		b.result.Err = wire.Errorf(wire.BadRequest, "the body is no run of whole frames: %v", err)
	case b.session.Closed(b.send.N) != nil:
		b.result.Err = b.session.Closed(b.send.N)
	case !b.sound():
	default:
		b.result.Err = errBodyCut
	}
}

// pass hands messages over. Those that do not fit into the window wait until the
// ones before them are passed on; where nothing moves on, or one is refused, that is
// the result.
func (b *batch) pass(ctx context.Context, frames []wire.Frame) bool {
	for {
		taken := b.hand(frames)
		frames = frames[taken:]
		numbered := b.send.N > 0
		if numbered {
			b.advance(taken)
		}
		switch {
		case len(frames) == 0 && b.body.Last():
			return b.sound()
		case len(frames) == 0 && numbered: // it waits for its turn, and the body is read on
			b.last.whenLate(b.send.N-1, b.stop)
			return b.sound()
		}
		if result, done := b.last.answered(); done && len(b.before) > 0 && result.Err != nil && result.Err.Code == wire.OutOfWindow {
			// What is in the window has to go first.
			b.last = b.before[len(b.before)-1]
			b.before = b.before[:len(b.before)-1]
		}
		select {
		case <-b.last.done:
		case <-ctx.Done():
			b.gone = true
			return false
		}
		b.result = b.last.result
		switch {
		case b.result.Err != nil || numbered && b.result.N < b.send.N-1:
			return false
		case len(frames) == 0:
			return b.sound()
		}
	}
}

// advance counts what was taken.
func (b *batch) advance(taken int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.send.N += uint64(taken)
	b.next = b.send.N
}

// hand hands messages over, and tells how many were taken.
func (b *batch) hand(frames []wire.Frame) (taken int) {
	if b.last != nil {
		b.before = append(b.before, b.last)
	}
	b.send.Frames = frames
	b.last, taken = offerTo(b.session, b.send)
	b.send.Ack = session.Ack{}
	return taken
}

// sound tells whether nothing of what was handed over was refused or has waited too
// long, as far as that is known; else it is the result. What is passed on is
// forgotten.
func (b *batch) sound() bool {
	if b.last == nil { // nothing was handed over
		return true
	}
	waiting := b.before[:0]
	for _, o := range append(b.before, b.last) {
		switch result, done := o.answered(); {
		case !done && o != b.last:
			waiting = append(waiting, o)
		case done && o.late():
			b.result = result
			return false
		}
	}
	b.before = waiting
	return true
}

// cancel tells the session that nobody waits any more.
func (b *batch) cancel() {
	for _, o := range b.before {
		o.gone()
	}
	if b.last != nil {
		b.last.gone()
	}
}
