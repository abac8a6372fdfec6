package relay

import (
	"sync"

	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/upstream"
)

// sockets is the table of the sockets that the relay holds, by id.
type sockets struct {
	mu     sync.Mutex
	byID   map[string]*socket
	closed bool // no more are added
}

// A socket is a session, and the page that it belongs to.
type socket struct {
	session *session.Session
	origin  string // guarded by sockets.mu; empty until one is known
}

// add makes the session of a connection that has been opened. It is false when
// the relay is shutting.
func (t *sockets) add(id, origin string, conn *upstream.Conn, config *session.Config) bool {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return false
	}
	s := session.New(id, conn, config, func() { t.remove(id) })
	t.byID[id] = &socket{session: s, origin: origin}
	t.mu.Unlock()
	conn.Start(s)
	return true
}

func (t *sockets) remove(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byID, id)
}

func (t *sockets) find(id string) *socket {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byID[id]
}

func (t *sockets) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byID)
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
