package transport

import (
	"sync"

	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

// readers are the sockets that one sink reads, by their ids.
type readers struct {
	asked []*reading

	mutex    sync.Mutex
	attached map[string]*session.Session
	complete bool               // attach has attached all
	missing  []gone             // those that are not read, and nobody was told
	kept     []*session.Session // those that have left, and whose answer is under way
	over     bool               // the answer is not under way any more
}

func newReaders(asked []*reading) readers {
	return readers{asked: asked, attached: make(map[string]*session.Session, len(asked))}
}

// attach attaches the sink to all of them.
func (r *readers) attach(sink session.Sink) {
	for _, a := range r.asked {
		if a.session == nil {
			r.miss(gone{a.id, wire.NoSocket})
			continue
		}
		r.mutex.Lock()
		r.attached[a.id] = a.session
		r.mutex.Unlock()
		if _, err := a.session.Attach(sink, a.ack); err != nil { // it has ended meanwhile
			r.left(a.id, false)
			r.miss(gone{a.id, wire.NoSocket})
		}
	}
	r.asked = nil
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.complete = true
}

// miss notes a socket that is not read.
func (r *readers) miss(g gone) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.missing = append(r.missing, g)
}

// left takes a socket out, and tells whether it was the last of all. Where its messages may
// still be on their way, as those of the last are, it is counted as long as the answer
// is under way.
func (r *readers) left(id string, underWay bool) (last bool) {
	r.mutex.Lock()
	s := r.attached[id]
	delete(r.attached, id)
	last = r.complete && len(r.attached) == 0
	if s != nil && (underWay || last) && !r.over {
		r.kept = append(r.kept, s)
		s = nil
	}
	r.mutex.Unlock()
	if s != nil {
		s.Leave()
	}
	return last
}

// leave counts out all that have left: the answer is over.
func (r *readers) leave() {
	r.mutex.Lock()
	r.over = true
	kept := r.kept
	r.kept = nil
	r.mutex.Unlock()
	for _, s := range kept {
		s.Leave()
	}
}

// none tells whether no socket is attached.
func (r *readers) none() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return len(r.attached) == 0
}

// all lists those that are attached.
func (r *readers) all() []*session.Session {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	all := make([]*session.Session, 0, len(r.attached))
	for _, s := range r.attached {
		all = append(all, s)
	}
	return all
}

// find is an attached one, or nil.
func (r *readers) find(id string) *session.Session {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.attached[id]
}
