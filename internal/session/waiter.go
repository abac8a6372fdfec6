package session

import (
	"slices"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

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

// refuse answers a waiter with the verdict on a part of its, and draws the
// consequences.
func (s *Session) refuse(w *waiter, v verdict) {
	s.answer(w, v.err)
	if v.fatal() {
		s.fail(v.target, v.client, "")
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
func (s *Session) failAll(err *wire.Error) {
	u := &s.up
	s.answerPassed() // their own is with the kernel
	for _, w := range slices.Clone(u.queue) {
		s.answer(w, err)
	}
	for _, w := range slices.Clone(u.waiting) {
		s.answer(w, err)
	}
	u.held, u.bytes = nil, 0
	u.queue, u.queued, u.parts = nil, 0, 0
	s.tellWatches()
	u.watches = nil
}
