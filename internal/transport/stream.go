package transport

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/session"
)

// The numbers of streams.
const (
	defaultBeat = 25_000 // milliseconds between heartbeats
	minBeat     = 1_000
	maxBeat     = 60_000
	streamPiece = 64 << 10 // bytes: no more messages are written at once

	stuckMoment = 2 * time.Second // what takes longer to end, when it is superseded, is stuck
)

// A stream is a response without an end, whatever is written to it and by whom. It
// is closed until begin has sent its header; meanwhile its sinks are Full.
type stream struct {
	beat  string        // the first bytes, and the heartbeat
	every time.Duration // between heartbeats
	limit int           // bytes after which it ends; 0: none

	writer  streamWriter
	account *budget.Account // for what its client does not take

	mu      sync.Mutex
	out     outlet // nil until it is open
	sent    int    // bytes of messages
	last    time.Time
	timer   *time.Timer
	closed  bool   // it is over
	release func() // the request, where it is parked
}

// A streamWriter is told of a stream.
type streamWriter interface {
	// opened tells that it can be written to.
	opened(out outlet)
	// roomAgain tells that a stream that was full takes more.
	roomAgain()
	// ended is called once, as the last: the response is complete, or broken off.
	ended()
}

// begin sends the header and the first bytes, and has the stream written until it is
// over.
func (h *Handler) begin(w http.ResponseWriter, r *http.Request, s *stream, contentType string) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", "no-store, no-transform")
	header.Set("X-Accel-Buffering", "no") // nginx
	c := http.NewResponseController(w)
	_ = c.SetWriteDeadline(time.Now().Add(heldPatience))
	_, _ = io.WriteString(w, s.beat) // where it fails, all that follows does
	_ = c.Flush()
	_ = c.SetWriteDeadline(time.Time{}) // which ends a stream of HTTP/2 that writes nothing, too
	if conn, ok := h.lot.Park(w, r); ok {
		s.release = endpoint.Keep(r)
		conn.Charge(s.account)
		conn.Start(s)
		s.open(conn)
		s.writer.opened(conn)
		return
	}
	out := newHeld(w, s, s.account)
	defer s.account.Join(out.Cut)()
	s.open(out)
	s.writer.opened(out)
	out.run(r.Context())
}

func (s *stream) open(out outlet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = out
	s.last = time.Now()
	if !s.closed {
		s.timer = time.AfterFunc(s.every, s.heartbeat)
	}
}

// heartbeat is sent where nothing else was. Where the stream is full, what waits
// will do.
func (s *stream) heartbeat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	rest := s.every - time.Since(s.last)
	if rest <= 0 {
		rest = s.every
		if !s.out.Full() {
			s.out.Write(func(dst []byte) []byte { return append(dst, s.beat...) })
			s.last = time.Now()
		}
	}
	s.timer.Reset(rest)
}

// shut tells whether nothing can be written now, and the outcome of a Deliver that
// finds it so. The lock must be held.
func (s *stream) shut() (session.Outcome, bool) {
	switch {
	case s.closed:
		return session.Done, true
	case s.out == nil || s.out.Full():
		return session.Full, true
	}
	return session.More, false
}

// write writes messages, which encode appends until it has room bytes. The outcome
// is that of the Deliver. The lock must be held, and shut not be true.
func (s *stream) write(encode func(dst []byte, room int) []byte) session.Outcome {
	room := streamPiece
	if s.limit > 0 {
		room = min(room, s.limit-s.sent)
	}
	full := s.out.Write(func(dst []byte) []byte {
		start := len(dst)
		dst = encode(dst, room)
		s.sent += len(dst) - start
		return dst
	})
	s.last = time.Now()
	switch {
	case s.reached():
		return session.Done
	case full:
		return session.Full
	}
	return session.More
}

// reached tells whether the stream has as much as it may.
func (s *stream) reached() bool { return s.limit > 0 && s.sent >= s.limit }

// Writable implements parking.Events.
func (s *stream) Writable() { s.writer.roomAgain() }

// Over implements parking.Events.
func (s *stream) Over() {
	s.mu.Lock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	if s.release != nil {
		s.release()
	}
	s.writer.ended()
}

// end ends a response that nobody writes to any more, behind what was written. Where a
// newer reader has come it gets no longer than a moment for that, if it is stuck.
func end(out outlet, why session.Why) {
	out.Finish()
	if why == session.Superseded && out.Full() {
		time.AfterFunc(stuckMoment, out.Cut)
	}
}

// streamTimes are the interval of heartbeats, and the bytes after which a stream
// ends.
func (v *visit) streamTimes() (every time.Duration, limit int, beats bool) {
	hb, beats := v.number("hb")
	if !beats {
		hb = defaultBeat
	}
	most, _ := v.number("max")
	return time.Duration(min(max(hb, minBeat), maxBeat)) * time.Millisecond, int(min(most, 1<<40)) << 10, beats
}
