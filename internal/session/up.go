package session

import (
	"slices"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// A Send is one request's worth of messages upwards.
type Send struct {
	// N is the number of the first frame; 0 for a send without one.
	N uint64
	// Frames are what is sent. Their data may lie in one buffer, which is not kept.
	Frames []wire.Frame
	// Whole says that the frames are whole messages, their UTF-8 judged.
	Whole bool
	Ack   Ack
}

// A Result is the answer to a Send.
type Result struct {
	// N is the highest number passed on.
	N uint64
	// Err says why not all was taken, or is nil.
	Err *wire.Error
}

// up is the way from the client to the target.
//
// Numbered parts wait in held until their number's turn comes; sends without
// numbers wait in queue and take theirs then. Both move on while the upstream is
// not full.
type up struct {
	next    uint64 // the number whose turn it is
	passed  uint64 // the highest that is with the kernel
	full    bool   // the upstream said so, and OnWritable is to come
	message message

	held  map[uint64]part
	bytes int // what held costs in payload

	queue  []*waiter // sends without numbers, by arrival
	queued int       // their bytes
	parts  int       // and how many parts they are

	waiting []*waiter // numbered, or passed on and not yet with the kernel
	own     uint64    // the number of the client's own close; 0: none
	watches []*watch
}

// Accept takes a send. done is called once: when all that was taken of it has
// been passed on, has waited too long, or never will be; maybe before Accept
// returns, and without the session's lock. taken says how many of its frames were
// taken, from the first on: of a send with numbers what is outside the window is not.
//
// cancel tells that nobody waits for the answer any more. What has a number
// stays; a send without one whose turn has not come is forgotten.
func (s *Session) Accept(send Send, done func(Result)) (taken int, cancel func()) {
	w := &waiter{done: done}
	s.mu.Lock()
	defer s.unlock()
	switch err := s.accept(w, send); {
	case err != nil:
		s.answer(w, err)
	case send.N > 0 && len(send.Frames) > 0:
		taken = int(w.last - w.first + 1)
	default:
		taken = len(send.Frames)
	}
	return taken, func() { s.cancel(w) }
}

// A watch is somebody who sends, and waits for what is to be sent.
type watch struct{ f func() }

// Watch calls f when the client's own close has been passed on, and when the session
// takes nothing any more; at once where that is so already. Closed tells which. stop
// ends it.
func (s *Session) Watch(f func()) (stop func()) {
	w := &watch{f}
	s.mu.Lock()
	defer s.unlock()
	if s.state != open {
		s.later(f)
	}
	if s.state == open || s.state == closing {
		s.up.watches = append(s.up.watches, w)
	}
	return func() {
		s.mu.Lock()
		defer s.unlock()
		s.up.watches = slices.DeleteFunc(s.up.watches, func(o *watch) bool { return o == w })
	}
}

// tellWatches tells all who watch.
func (s *Session) tellWatches() {
	for _, w := range s.up.watches {
		s.later(w.f)
	}
}

// Closed is the error of whoever would send a message with number n now, or with none
// where it is 0; nil while that can be sent. Numbers up to the client's own close may
// be sent again.
func (s *Session) Closed(n uint64) *wire.Error {
	s.mu.Lock()
	defer s.unlock()
	switch {
	case s.state == open, s.state == closing && n > 0 && n <= s.up.own:
		return nil
	case s.state == closing && s.retired == nil:
		return errAfterOwn
	}
	return errNoSocket
}

func (s *Session) accept(w *waiter, send Send) *wire.Error {
	if err := s.acknowledge(send.Ack); err != nil {
		return err
	}
	switch {
	case s.state == closed, s.retired != nil:
		return errNoSocket
	case len(send.Frames) == 0:
		s.answer(w, nil)
		return nil
	case send.N == 0:
		return s.acceptNext(w, send)
	}
	return s.acceptNumbered(w, send)
}

// acceptNumbered takes what lies inside the window.
func (s *Session) acceptNumbered(w *waiter, send Send) *wire.Error {
	u := &s.up
	if len(u.waiting) >= waitingCount {
		return errBusy
	}
	final := send.N + uint64(len(send.Frames)) - 1
	if u.own != 0 && final > u.own {
		return errAfterOwn
	}
	w.first, w.last = send.N, send.N-1
	u.waiting = append(u.waiting, w)
	for i, f := range send.Frames {
		n := send.N + uint64(i)
		if _, held := u.held[n]; held || n < u.next {
			w.last = n // the first copy of a number wins
			continue
		}
		p := part{f, send.Whole, w}
		if len(f.Data) > s.config.MessageLimit {
			s.oversize(w, p, n == u.next)
			break
		}
		if n >= u.next+windowCount || n != u.next && u.bytes+len(f.Data) > windowBytes {
			break
		}
		w.last = n
		if n == u.next && s.state == open && !u.full && !u.midQueue() {
			s.turn(p)
		} else {
			u.hold(n, p)
		}
		s.advance(false) // which moves the window; not yet to be answered
		if w.over {
			break
		}
	}
	if !w.over && w.last < w.first {
		return wire.Errorf(wire.OutOfWindow, "n=%d is outside the window: the next is %d, and %d messages and %d bytes may be ahead",
			send.N, u.next, windowCount-1, windowBytes)
	}
	s.pump(false)
	if !w.over {
		w.timer = time.AfterFunc(s.config.Hold, func() { s.expire(w) })
	}
	return nil
}

// acceptNext takes a send without a number.
func (s *Session) acceptNext(w *waiter, send Send) *wire.Error {
	u := &s.up
	if u.own != 0 {
		return errAfterOwn
	}
	size := 0
	for _, f := range send.Frames {
		p := part{f, send.Whole, w}
		if len(f.Data) > s.config.MessageLimit {
			s.oversize(w, p, len(u.queue) == 0)
			return nil
		}
		size += len(f.Data)
		w.parts = append(w.parts, p)
	}
	if send.Frames[0].Kind == wire.Close { // at once, whatever is missing: a page goes away
		u.queue = append(u.queue, w)
		s.pump(true)
		return nil
	}
	if len(u.queue) >= queueCount || len(u.queue) > 0 && u.queued+size > queueMessages*s.config.MessageLimit {
		return errBusy
	}
	u.queue = append(u.queue, w)
	u.queued += size
	u.parts += len(w.parts)
	s.pump(false)
	if !w.over {
		for i := range w.parts {
			w.parts[i].keep()
		}
		w.timer = time.AfterFunc(busyAfter, func() { s.expire(w) })
	}
	return nil
}

// oversize answers a part that is over the limit by itself, and so is not kept.
// Where its turn has come it counts for the message that is unfinished.
func (s *Session) oversize(w *waiter, p part, turn bool) {
	v := verdict{err: errTooLarge(s.config.MessageLimit)}
	if turn {
		m := s.up.message // a copy: it is judged and not passed on
		v = m.add(p, s.config.MessageLimit)
	}
	s.refuse(w, v)
}

// hold keeps a part until its number's turn.
func (u *up) hold(n uint64, p part) {
	if u.held == nil {
		u.held = make(map[uint64]part)
	}
	p.keep()
	u.held[n] = p
	u.bytes += len(p.Data)
}

// unhold drops what is held for number n.
func (u *up) unhold(n uint64) {
	if p, ok := u.held[n]; ok {
		delete(u.held, n)
		u.bytes -= len(p.Data)
		if len(u.held) == 0 {
			u.held = nil
		}
	}
}

// unqueue takes a send without numbers out of the queue, if it is there.
func (u *up) unqueue(w *waiter) {
	if i := slices.Index(u.queue, w); i >= 0 {
		u.queue = slices.Delete(u.queue, i, i+1)
		for _, p := range w.parts {
			u.queued -= len(p.Data)
		}
		u.parts -= len(w.parts)
		w.parts = nil
	}
}
