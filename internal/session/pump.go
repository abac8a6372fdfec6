package session

import (
	"slices"

	"github.com/polysocket/polysocket/internal/wire"
)

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
	u.parts--
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
		s.cut(n, errCutByOwn)
	} else {
		full, err = s.upstream.Send(p.Kind, p.Data, p.More)
	}
	if full || err != nil || u.full { // after an error OnClosed comes
		u.full = true
		return
	}
	u.passed = n
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
