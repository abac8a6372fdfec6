package relay

import (
	"sync"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/internal/wire"
)

// sockets is the table of the sockets that the relay holds, by id.
type sockets struct {
	leases *leases // of what the sockets count towards
	budget *budget.Budget

	mu      sync.Mutex
	byID    map[string]*socket
	opening int                   // places that are reserved
	pending map[*pending]struct{} // those of them that dial
	empty   chan struct{}         // nil until drain; closed when no socket is left
	closed  bool                  // no more are added
}

func newSockets(l *leases, b *budget.Budget) *sockets {
	return &sockets{leases: l, budget: b, byID: make(map[string]*socket), pending: make(map[*pending]struct{})}
}

// A socket is a session, the page that it belongs to, and who opened it.
type socket struct {
	session    *session.Session
	key, token string // empty without keys
	origin     string // guarded by sockets.mu; empty until one is known
}

// reserve takes a place for a socket that is to be opened, within a capacity of so
// many (0: without bound). add or cancel must follow. It is false where there is no
// room, and when no sockets are taken any more.
func (t *sockets) reserve(capacity int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.empty != nil || capacity > 0 && len(t.byID)+t.opening >= capacity {
		return false
	}
	t.opening++
	return true
}

// cancel gives a place back of which no socket has come.
func (t *sockets) cancel() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.opening--
	t.left()
}

// add makes the session of a connection that has been opened, in the place that was
// reserved for it. It is false when the relay is shutting, and where nobody may have the
// socket any more: then nothing is kept.
func (t *sockets) add(id string, p *pending, conn *upstream.Conn, config *session.Config) bool {
	t.mu.Lock()
	t.opening--
	if t.closed || p.revoked {
		t.left()
		t.mu.Unlock()
		return false
	}
	_, h := t.hold(id, p.OpenRequest, conn, config)
	t.mu.Unlock()
	conn.Start(h)
	return true
}

// An upstreamConn is what an upstream.Conn is to its socket.
type upstreamConn interface {
	session.Upstream
	Charge(a *budget.Account)
	Stuck() bool
	Abort()
}

// hold makes a session, and has the leases kept for it and what it holds charged. h is
// what its upstream pushes to. t.mu is held.
func (t *sockets) hold(id string, req bus.OpenRequest, conn upstreamConn, config *session.Config) (s *session.Session, h upstream.Handler) {
	free := func() {}
	if leases := req.Leases; len(leases) > 0 { // of req nothing else is kept, which may be long
		t.leases.keep(leases)
		free = func() { t.leases.free(leases) }
	}
	var account *budget.Account
	var leave func()
	s = session.New(id, conn, config, func() {
		t.remove(id)
		free()
		leave()
	})
	account, leave = t.budget.Open(func() { s.Evict("the relay is out of memory") })
	s.Charge(account)
	conn.Charge(account)
	connLeaves := account.Join(func() {
		if conn.Stuck() { // what the target has not taken would stay until it has
			conn.Abort()
		}
	})
	t.byID[id] = &socket{session: s, key: req.Key, token: req.Token, origin: req.Origin}
	return s, counted{s, func() {
		free()
		connLeaves()
	}}
}

// A counted session's socket counts towards limits, until its connection ends; for how
// long the client may then still ask about it is no matter.
type counted struct {
	*session.Session
	free func()
}

// OnClosed implements upstream.Handler.
func (c counted) OnClosed(code wire.CloseCode, reason []byte) {
	c.Session.OnClosed(code, reason)
	c.free()
}

func (t *sockets) remove(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byID, id)
	t.left()
}

// left notes whether any are left. t.mu is held.
func (t *sockets) left() {
	if t.empty == nil || t.opening > 0 || len(t.byID) > 0 {
		return
	}
	select {
	case <-t.empty:
	default:
		close(t.empty)
	}
}

func (t *sockets) find(id string) *socket {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byID[id]
}

// count is how many there are, those that are being opened among them.
func (t *sockets) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byID) + t.opening
}

// drain ends the reserving; what is being opened is still added. empty is closed when
// no socket is left.
func (t *sockets) drain() (empty <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.empty == nil {
		t.empty = make(chan struct{})
		t.left()
	}
	return t.empty
}

// draining tells whether drain was called.
func (t *sockets) draining() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.empty != nil
}

// shut ends the adding, and lists what there is.
func (t *sockets) shut() []*socket {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	all := make([]*socket, 0, len(t.byID))
	for _, s := range t.byID {
		all = append(all, s)
	}
	return all
}

// Enter implements transport.Sockets. It binds a socket that is not bound to the
// first origin that comes (docs/protocol.md, who.bound).
func (t *sockets) Enter(id, origin string) (s *session.Session, bound string, ok bool) {
	t.mu.Lock()
	found := t.byID[id]
	if found == nil || origin != "" && found.origin != "" && origin != found.origin {
		t.mu.Unlock()
		return nil, "", false
	}
	if found.origin == "" {
		found.origin = origin
	}
	bound = found.origin
	t.mu.Unlock()
	return found.session, bound, found.session.Enter()
}

// Bound implements transport.Sockets.
func (t *sockets) Bound(id string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.byID[id]; s != nil {
		return s.origin
	}
	return ""
}
