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

	waiting []*waiter // numbered, or passed on and not yet with the kernel
	own     uint64    // the number of the client's own close; 0: none
}

// A waiter is a send that has not been answered.
type waiter struct {
	done  func(Result)
	timer *time.Timer
	// first and last are the numbers taken for it. It is answered when last is
	// passed.
	first, last uint64
	// parts are those of a send without numbers whose turn has not come.
	parts []part
	begun bool
	over  bool
}

// Accept takes a send. done is called once: when all that was taken of it has
// been passed on, has waited too long, or never will be; maybe before Accept
// returns, and without the session's lock.
//
// cancel tells that nobody waits for the answer any more. What has a number
// stays; a send without one whose turn has not come is forgotten.
func (s *Session) Accept(send Send, done func(Result)) (cancel func()) {
	w := &waiter{done: done}
	s.mu.Lock()
	defer s.unlock()
	if err := s.accept(w, send); err != nil {
		s.answer(w, err)
	}
	return func() { s.cancel(w) }
}

func (s *Session) accept(w *waiter, send Send) *wire.Error {
	if err := s.acknowledge(send.Ack); err != nil {
		return err
	}
	u := &s.up
	switch {
	case s.state == closed:
		return errNoSocket
	case len(send.Frames) == 0:
		s.answer(w, nil)
		return nil
	case send.N == 0:
		return s.acceptNext(w, send)
	}
	return u.acceptNumbered(s, w, send)
}

// acceptNumbered takes what lies inside the window.
func (u *up) acceptNumbered(s *Session, w *waiter, send Send) *wire.Error {
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
	if send.Frames[0].Kind == wire.Close {
		s.closeNow(w)
		return nil
	}
	if len(u.queue) >= queueCount || len(u.queue) > 0 && u.queued+size > queueMessages*s.config.MessageLimit {
		return errBusy
	}
	u.queue = append(u.queue, w)
	u.queued += size
	s.pump(false)
	if !w.over {
		for i := range w.parts {
			w.parts[i].keep()
		}
		w.timer = time.AfterFunc(busyAfter, func() { s.expire(w) })
	}
	return nil
}

// closeNow closes at once, whatever is missing: a page goes away. What can go in
// order goes before it.
func (s *Session) closeNow(w *waiter) {
	u := &s.up
	u.queue = append(u.queue, w)
	s.pump(true)
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

// refuse answers a waiter with the verdict on a part of its, and draws the
// consequences.
func (s *Session) refuse(w *waiter, v verdict) {
	s.answer(w, v.err)
	if v.fatal() {
		s.fail(v.target, v.client, "")
	}
}

// pump passes on whatever's turn it is, and answers those whose all was.
func (s *Session) pump(force bool) {
	s.advance(force)
	s.answerPassed()
}

// advance passes on whatever's turn it is, while the upstream takes it; with
// force also while it is full.
func (s *Session) advance(force bool) {
	u := &s.up
	for s.state == open && (force || !u.full) {
		if p, ok := u.held[u.next]; ok && !u.midQueue() {
			u.unhold(u.next)
			s.turn(p)
			continue
		}
		if len(u.queue) == 0 {
			break
		}
		s.pumpQueue()
	}
}

// turn judges the numbered part whose turn it is, and passes it on.
func (s *Session) turn(p part) {
	if v := s.up.message.add(p, s.config.MessageLimit); v.err != nil {
		s.reject(p, v)
		return
	}
	s.pass(p)
}

// midQueue tells whether a send without numbers is under way, whose messages
// stay together.
func (u *up) midQueue() bool { return len(u.queue) > 0 && u.queue[0].begun }

// pumpQueue passes on the next part of the first send in the queue.
func (s *Session) pumpQueue() {
	u := &s.up
	w := u.queue[0]
	p := w.parts[0]
	if v := u.message.add(p, s.config.MessageLimit); v.err != nil {
		s.refuse(w, v)
		return
	}
	if !w.begun {
		w.begun, w.first = true, u.next
		w.last = w.first + uint64(len(w.parts)) - 1
		u.waiting = append(u.waiting, w)
	}
	w.parts = w.parts[1:]
	u.queued -= len(p.Data)
	if len(w.parts) == 0 {
		u.unqueue(w)
	}
	u.unhold(u.next) // a copy of this number came too late
	s.pass(p)
}

// pass gives the upstream the part whose turn it is.
func (s *Session) pass(p part) {
	u := &s.up
	n := u.next
	u.next++
	var full bool
	var err error
	if p.Kind == wire.Close {
		full, err = s.upstream.Close(p.Code, p.Data)
		u.own = n
		s.state = closing
		s.cutOff()
	} else {
		full, err = s.upstream.Send(p.Kind, p.Data, p.More)
	}
	if full || err != nil || u.full { // after an error OnClosed comes
		u.full = true
		return
	}
	u.passed = n
}

// cutOff answers what waits behind the client's own close.
func (s *Session) cutOff() {
	u := &s.up
	for _, w := range slices.Clone(u.queue) {
		s.answer(w, errCutByOwn)
	}
	for _, w := range slices.Clone(u.waiting) {
		if w.last > u.own {
			s.answer(w, errCutByOwn)
		}
	}
	u.held, u.bytes = nil, 0
	u.queue, u.queued = nil, 0
}

// reject drops the part whose turn it is, and with it what else is held of its
// send: its client is told, or will be, that nothing of it was taken. All who
// wait for it are answered.
func (s *Session) reject(p part, v verdict) {
	u := &s.up
	n := u.next
	for k, held := range u.held {
		if held.from == p.from {
			u.unhold(k)
		}
	}
	for _, w := range slices.Clone(u.waiting) {
		if w.first <= n && n <= w.last {
			s.answer(w, v.err)
		}
	}
	if v.fatal() {
		s.fail(v.target, v.client, "")
	}
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
		w.parts = nil
	}
}

// answerPassed answers all whose last number is with the kernel.
func (s *Session) answerPassed() {
	u := &s.up
	for i := 0; i < len(u.waiting); {
		if w := u.waiting[i]; len(w.parts) == 0 && w.last >= w.first && w.last <= u.passed {
			s.answer(w, nil)
		} else {
			i++
		}
	}
}

// answer calls a waiter's done and forgets it.
func (s *Session) answer(w *waiter, err *wire.Error) {
	if w.over {
		return
	}
	s.dismiss(w)
	result := Result{N: s.up.passed, Err: err}
	s.later(func() { w.done(result) })
}

// dismiss forgets a waiter.
func (s *Session) dismiss(w *waiter) {
	w.over = true
	if w.timer != nil {
		w.timer.Stop()
	}
	s.up.unqueue(w)
	if i := slices.Index(s.up.waiting, w); i >= 0 {
		s.up.waiting = slices.Delete(s.up.waiting, i, i+1)
	}
}

// expire answers a waiter that has waited long enough: one with a number by how
// far its socket has come, one without that nothing was taken; but one that is
// being written waits on.
func (s *Session) expire(w *waiter) {
	s.mu.Lock()
	defer s.unlock()
	switch {
	case w.over || w.begun:
	case w.parts != nil:
		s.answer(w, errBusy)
	default:
		s.answer(w, nil)
	}
}

// cancel forgets a waiter whose request has gone. One that is being written
// stays until it is whole.
func (s *Session) cancel(w *waiter) {
	s.mu.Lock()
	defer s.unlock()
	if !w.over && !w.begun {
		s.dismiss(w)
	}
}

// failAll answers everybody who waits, and forgets what is held for them.
func (u *up) failAll(s *Session, err *wire.Error) {
	s.answerPassed() // their own is with the kernel
	for _, w := range slices.Clone(u.queue) {
		s.answer(w, err)
	}
	for _, w := range slices.Clone(u.waiting) {
		s.answer(w, err)
	}
	u.held, u.bytes = nil, 0
	u.queue, u.queued = nil, 0
}
