package transport

import (
	"net/http"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

// A manyPoll gathers the messages of one answer for many sockets: what waits for
// any of them, else what comes first.
type manyPoll struct {
	pending
	readers

	answers endpoint.Answer
	limit   int // bytes of messages after which it takes no more

	// Guarded by readers.mutex, until the last socket has left.
	begun   bool // all sockets were attached
	sealed  bool // it takes no more
	objects []byte
	size    int // of the messages among them
}

// Deliver implements session.Sink: it is done with the first delivery of a socket.
func (p *manyPoll) Deliver(id string, seq uint64, frames []wire.Frame) (taken int, outcome session.Outcome) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.size > 0 && p.size >= p.limit {
		return 0, session.Done
	}
	p.comma()
	p.objects = appendHead(p.objects, id, seq)
	start := len(p.objects)
	p.objects, taken = appendMessages(p.objects, frames, p.limit-p.size)
	p.size += len(p.objects) - start
	p.objects = append(p.objects, "]}"...)
	return taken, session.Done
}

// comma goes between two objects.
func (p *manyPoll) comma() {
	if len(p.objects) > 0 {
		p.objects = append(p.objects, ',')
	}
}

// Detached implements session.Sink.
func (p *manyPoll) Detached(id string, _ uint64, why session.Why) {
	if why == session.Ended {
		p.mutex.Lock()
		p.comma()
		p.objects = appendGone(p.objects, gone{id, wire.NoSocket})
		p.mutex.Unlock()
	}
	p.left(id, true)
	p.settle(false)
}

// settle answers when there is something to say, and nobody attached any more.
// begin says that all sockets were attached.
func (p *manyPoll) settle(begin bool) {
	p.mutex.Lock()
	if begin {
		p.begun = true
		for _, g := range p.missing {
			p.comma()
			p.objects = appendGone(p.objects, g)
		}
	}
	seal := p.begun && !p.sealed && len(p.objects) > 0
	p.sealed = p.sealed || seal
	done := p.begun && len(p.attached) == 0
	p.mutex.Unlock()
	if seal {
		p.detachAll() // which settles again
	}
	if done {
		p.finish()
	}
}

// detachAll lets go of all sockets, which answers.
func (p *manyPoll) detachAll() {
	for _, s := range p.all() {
		s.Detach(p)
	}
}

// write writes the answer.
func (p *manyPoll) write(w http.ResponseWriter) {
	p.answers.OK(w, http.StatusOK, []byte(`,"sockets":[`), p.objects, []byte("]"))
	p.objects = nil
}
