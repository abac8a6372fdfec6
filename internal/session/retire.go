package session

import (
	"slices"

	"github.com/polysocket/polysocket/internal/wire"
)

// Retire ends the socket in the relay's own name, and loses nothing: it closes the
// target with 1001, behind all that was passed on; what the target sends before its
// own Close still goes down; and after that the client gets the code and the reason,
// whatever the target's Close says, and also where none comes. Nothing is taken from
// the client any more, and what waits for its turn is answered like after any end.
//
// A socket that is closing or closed already ends as it does. Shut is for those who
// cannot wait.
func (s *Session) Retire(code wire.CloseCode, reason string) {
	s.mu.Lock()
	defer s.unlock()
	if s.state != open {
		return
	}
	s.state = closing
	s.retired = &wire.Frame{Kind: wire.Close, Code: code, Data: []byte(reason)}
	// After an error OnClosed comes, as after a Send's.
	if full, err := s.upstream.Close(wire.CloseGoingAway, nil); full || err != nil {
		s.up.full = true
	}
	s.cut(s.up.next-1, errNoSocket)
}

// cut answers what has not been passed on up to number last, since it never will be.
func (s *Session) cut(last uint64, err *wire.Error) {
	u := &s.up
	for _, w := range slices.Clone(u.queue) {
		s.answer(w, err)
	}
	for _, w := range slices.Clone(u.waiting) {
		if w.last > last {
			s.answer(w, err)
		}
	}
	u.held, u.bytes = nil, 0
	u.queue, u.queued, u.parts = nil, 0, 0
	s.tellWatches()
}
