package session

import (
	"bytes"

	"github.com/polysocket/polysocket/internal/wire"
)

// Answers that need no more words.
var (
	errNoSocket = wire.Errorf(wire.NoSocket, "no such socket")
	errBusy     = wire.Errorf(wire.Busy, "the target does not keep up, and nothing of this was taken: try again")
	errType     = wire.Errorf(wire.BadRequest, "a message of another type is unfinished: go on with its t, or close")
	errUTF8     = wire.Errorf(wire.BadRequest, "the text is not UTF-8")
	errAfterOwn = wire.Errorf(wire.BadRequest, "the socket was closed by this client: nothing can follow its close")
	errCutByOwn = wire.Errorf(wire.BadRequest, "the socket was closed by this client before this message's turn came")
)

// partCost is what holding a part costs beside its payload, in bytes.
const partCost = 128

// A part is a frame on its way up.
type part struct {
	wire.Frame
	// whole says that it came as a whole message and continues none, and that
	// its UTF-8 has been judged.
	whole bool
	// from is the send that it came with: they are refused together.
	from *waiter
}

// keep makes the part independent of the buffer that it came in, which may hold
// much that is not kept.
func (p *part) keep() {
	if p.whole {
		p.Data = bytes.Clone(p.Data)
	}
}

// A message is the one on its way up that is unfinished, if any.
type message struct {
	kind wire.Kind // 0: none
	size int
	text wire.UTF8
}

// A verdict is an error about a part. One that is fatal says with which codes
// the target and the client are closed.
type verdict struct {
	err            *wire.Error
	target, client wire.CloseCode
}

func (v verdict) fatal() bool { return v.target != 0 }

// add judges the next part, and counts it where the verdict is none.
func (m *message) add(p part, limit int) verdict {
	begun := m.kind != 0
	switch {
	case p.Kind == wire.Close:
		return verdict{}
	case begun && (p.whole || p.Kind != m.kind):
		return verdict{err: errType}
	case m.size+len(p.Data) > limit:
		v := verdict{err: errTooLarge(limit)}
		if begun {
			v.target, v.client = wire.CloseTooBig, wire.CloseTooBig
		}
		return v
	}
	if p.whole {
		return verdict{}
	}
	text := m.text
	if p.Kind == wire.Text && (!text.Write(p.Data) || !p.More && !text.Done()) {
		v := verdict{err: errUTF8}
		if begun {
			v.target, v.client = wire.CloseInvalidData, wire.CloseAbnormal
		}
		return v
	}
	if p.More {
		*m = message{kind: p.Kind, size: m.size + len(p.Data), text: text}
	} else {
		*m = message{}
	}
	return verdict{}
}

func errTooLarge(limit int) *wire.Error {
	return wire.Errorf(wire.TooLarge, "the message is over the limit of %d bytes", limit)
}
