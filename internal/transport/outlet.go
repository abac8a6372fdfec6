package transport

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

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
	// Cut breaks it off.
	Cut()
}

// The numbers of writing a stream from its handler.
const (
	heldPatience = 30 * time.Second // a piece may be stuck
	heldPiece    = 64 << 10         // bytes
)

// A held is the outlet of a response whose connection cannot be parked, as over
// HTTP/2: its handler stays in run.
type held struct {
	w    http.ResponseWriter
	on   parking.Events
	wake chan struct{} // there is something to do

	mu       sync.Mutex
	waiting  []byte
	writing  bool
	finished bool
	cut      bool
}

func newHeld(w http.ResponseWriter, on parking.Events) *held {
	return &held{w: w, on: on, wake: make(chan struct{}, 1)}
}

func (o *held) Write(encode func([]byte) []byte) (full bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := encode(o.waiting)
	if o.finished || o.cut {
		return false
	}
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
}

func (o *held) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// next is what is to be written now. more is false when the response is complete.
func (o *held) next() (p []byte, more, cut bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p, o.waiting = o.waiting, nil
	o.writing = len(p) > 0
	return p, !o.finished || o.writing, o.cut
}

// run writes until the response is over. It does not return where the response is
// broken off.
func (o *held) run(ctx context.Context) {
	defer o.on.Over()
	for {
		p, more, cut := o.next()
		switch {
		case cut || len(p) > 0 && !o.writeOut(p):
			endpoint.Abandon()
		case !more:
			return
		case len(p) > 0:
			o.mu.Lock()
			o.writing = false
			o.mu.Unlock()
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

func (o *held) writeOut(p []byte) bool {
	c := http.NewResponseController(o.w)
	for piece := range slices.Chunk(p, heldPiece) {
		_ = c.SetWriteDeadline(time.Now().Add(heldPatience)) // where it cannot be set the server's own holds
		if _, err := o.w.Write(piece); err != nil {
			return false
		}
	}
	err := c.Flush()
	_ = c.SetWriteDeadline(time.Time{})
	return err == nil
}
