package transport

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/parking"
)

// An outlet is how the bytes of a stream leave: over a parked connection
// (parking.Conn) or by a handler that waits (held). Its methods never block, and it
// tells parking.Events.
type outlet interface {
	// Write writes what encode appends. full says that Writable is to come, and that
	// nothing should be written before.
	Write(encode func([]byte) []byte) (full bool)
	// Full tells whether something is still to be written.
	Full() bool
	// Finish ends the response, behind all that was written.
	Finish()
	// Cut breaks it off, if it is not over.
	Cut()
}

// longAgo is a deadline that ends what is under way.
var longAgo = time.Unix(1, 0)

// The numbers of writing a stream from its handler.
const (
	heldPatience = 30 * time.Second // a piece may be stuck
	heldPiece    = 64 << 10         // bytes
)

// A held is the outlet of a response whose connection cannot be parked, as over
// HTTP/2: its handler stays in run.
type held struct {
	w       http.ResponseWriter
	control *http.ResponseController
	on      parking.Events
	wake    chan struct{} // there is something to do
	account *budget.Account

	mu       sync.Mutex
	waiting  []byte
	writing  bool // run is in writeOut
	finished bool
	cut      bool
}

func newHeld(w http.ResponseWriter, on parking.Events, account *budget.Account) *held {
	return &held{account: account, w: w, control: http.NewResponseController(w), on: on, wake: make(chan struct{}, 1)}
}

func (o *held) Write(encode func([]byte) []byte) (full bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := encode(o.waiting)
	if o.finished || o.cut {
		return false
	}
	o.account.Add(len(p) - len(o.waiting))
	o.waiting = p
	o.signal()
	return true
}

func (o *held) Full() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writing || len(o.waiting) > 0
}

func (o *held) Finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finished = true
	o.signal()
}

func (o *held) Cut() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cut = true
	o.signal()
	if o.writing { // which may be for long
		_ = o.control.SetWriteDeadline(longAgo)
	}
}

func (o *held) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// next is what is to be written now, and then written must be called. more is false
// when the response is complete.
func (o *held) next() (p []byte, more, cut bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, o.waiting = o.waiting, nil
	o.writing = len(p) > 0 && !o.cut
	return p, !o.finished || len(p) > 0, o.cut
}

func (o *held) written() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = false
}

// run writes until the response is over. It does not return where the response is
// broken off.
func (o *held) run(ctx context.Context) {
	defer o.on.Over()
	defer o.forget()
	for {
		p, more, cut := o.next()
		switch {
		case cut:
			o.account.Add(-len(p))
			endpoint.Abandon()
		case len(p) > 0 && !o.writeOut(p):
			endpoint.Abandon()
		case !more:
			return
		case len(p) > 0:
			o.on.Writable()
			continue
		}
		select {
		case <-o.wake:
		case <-ctx.Done():
			endpoint.Abandon()
		}
	}
}

// forget lets go of what waits: the response is over.
func (o *held) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finished = true
	o.account.Add(-len(o.waiting))
	o.waiting = nil
}

// writeOut writes, and waits until it is with the kernel.
func (o *held) writeOut(p []byte) bool {
	defer func() {
		o.account.Add(-len(p))
		o.written()
	}()
	for piece := range slices.Chunk(p, heldPiece) {
		if !o.hurry() {
			return false
		}
		if _, err := o.w.Write(piece); err != nil {
			return false
		}
	}
	err := o.control.Flush()
	_ = o.control.SetWriteDeadline(time.Time{})
	return err == nil
}

// hurry sets how long a piece may take, unless the response has been cut: that is not
// to be undone.
func (o *held) hurry() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.cut {
		_ = o.control.SetWriteDeadline(time.Now().Add(heldPatience)) // where it cannot be set the server's own holds
	}
	return !o.cut
}
