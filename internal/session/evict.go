package session

import (
	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/wire"
)

// Charge has all that waits in the session counted by the account. It is called before
// anything is sent or pushed.
func (s *Session) Charge(a *budget.Account) {
	s.mu.Lock()
	defer s.unlock()
	s.account = a
}

// Account is what Charge has set: whoever holds something else for the socket counts it
// there as well. It may be nil, which counts nothing.
func (s *Session) Account() *budget.Account { return s.account }

// charge tells the account what waits now. It is called whenever the lock is given back
// for good, so that what comes and goes at once costs nothing.
func (s *Session) charge() {
	if s.account == nil {
		return
	}
	u := &s.up
	waits := s.down.bytes + u.bytes + u.queued + partCost*(len(u.held)+u.parts)
	if waits != s.charged {
		s.account.Add(waits - s.charged)
		s.charged = waits
	}
}

// Evict ends the socket because the relay has no room for what it holds, all of which
// is forgotten: the target is closed with 1001, and the client gets 1013 as its next
// message. Where it has had its close already, or is about to, the socket ends.
func (s *Session) Evict(reason string) {
	s.mu.Lock()
	defer s.unlock()
	switch s.state {
	case ended:
		return
	case closed:
		s.end()
		return
	}
	s.release(wire.CloseGoingAway)
	d := &s.down
	d.queue, d.bytes = nil, 0
	d.acked = max(d.acked, d.sent)
	s.finish(wire.CloseTryAgainLater, []byte(reason))
}
