package transport

import (
	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/wire"
)

// A manyStream is the stream of many sockets: a line for each delivery.
type manyStream struct {
	stream
	readers

	// Guarded by stream.mu.
	full   map[string]bool // those that wait for room
	ending bool            // it has as much as it may: all are to leave
	begun  bool            // what was missing has been told
}

// Deliver implements session.Sink.
func (k *manyStream) Deliver(id string, seq uint64, frames []wire.Frame) (taken int, outcome session.Outcome) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reached() {
		return 0, session.Done
	}
	outcome, shut := k.shut()
	if !shut {
		outcome = k.write(func(dst []byte, room int) []byte {
			dst = appendHead(dst, id, seq)
			dst, taken = appendMessages(dst, frames, room)
			return append(dst, "]}\n"...)
		})
		if frames[taken-1].Kind == wire.Close {
			return taken, session.Done
		}
	}
	if outcome == session.Full {
		if k.full == nil {
			k.full = make(map[string]bool)
		}
		k.full[id] = true
	}
	return taken, outcome
}

// Detached implements session.Sink.
func (k *manyStream) Detached(id string, _ uint64, why session.Why) {
	g := gone{id: id}
	switch why {
	case session.Ended:
		g.code = wire.NoSocket
	case session.Superseded:
		g.code = superseded
	}
	k.mu.Lock()
	switch {
	case g.code == "" || k.closed:
	case !k.begun: // opened tells it
		k.miss(g)
	default:
		k.out.Write(func(dst []byte) []byte { return append(appendGone(dst, g), '\n') })
	}
	delete(k.full, id)
	reached := k.reached()
	all := reached && !k.ending
	k.ending = reached
	k.mu.Unlock()
	last := k.left(id, reached)
	k.mu.Lock()
	begun, out := k.begun, k.out
	k.mu.Unlock()
	switch {
	case !begun: // opened goes on
	case last:
		end(out, why)
	case all:
		k.detachAll()
	}
}

func (k *manyStream) detachAll() {
	for _, s := range k.all() {
		s.Detach(k)
	}
}

func (k *manyStream) opened(out outlet) {
	k.mu.Lock()
	k.begun = true
	k.readers.mutex.Lock()
	missing := k.missing
	k.missing = nil
	k.readers.mutex.Unlock()
	if len(missing) > 0 {
		out.Write(func(dst []byte) []byte {
			for _, g := range missing {
				dst = append(appendGone(dst, g), '\n')
			}
			return dst
		})
	}
	k.mu.Unlock()
	if k.none() {
		out.Finish()
		return
	}
	k.roomAgain()
}

func (k *manyStream) roomAgain() {
	k.mu.Lock()
	full := k.full
	k.full = nil
	k.mu.Unlock()
	for id := range full {
		if s := k.find(id); s != nil {
			s.Ready(k)
		}
	}
}

func (k *manyStream) ended() {
	k.detachAll()
	k.leave()
}
