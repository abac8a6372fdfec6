package upstream

import (
	"unicode/utf8"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/wire"
)

// rsv1 is the reserved bit that permessage-deflate took, RFC 7692 §6.
const rsv1 = 0x40

// directly is how much payload must be missing for it to be read straight into
// the message, and not by way of the reader's buffer.
const directly = 512

// growth is what a message's buffer has at least when it grows.
const growth = 4 << 10

// An event is what bytes from the target came to.
type event struct {
	what what
	kind wire.Kind      // of a message
	code wire.CloseCode // closing: what the target gave; failure: what it is to be told
	data []byte         // the message, the ping's payload, the reason
}

// what is the kind of an event.
type what byte

const (
	nothing what = iota
	message
	ping
	closing // a Close frame came
	failure // the target broke RFC 6455, or sends too much
)

// A machine turns the bytes of one direction, from a server, into events. It
// knows nobody who reads: whoever has bytes calls take. It keeps only what is
// unfinished: at most a part of a header, one control frame's payload, and one
// message. After closing or failure it swallows everything.
type machine struct {
	limit   int  // bytes of one message
	deflate bool // permessage-deflate was agreed on

	head    [wire.MaxHeader]byte // the first bytes of a header that is not all here
	partial int                  // how many

	inside  bool // a frame's payload is being taken
	frame   wire.Header
	left    int64  // of its payload
	control []byte // a control frame's payload

	open       bool // a message is begun: more fragments come
	fragments  int  // it has so far
	kind       wire.Kind
	compressed bool
	data       []byte

	controls int             // control frames that came, for whoever counts them
	account  *budget.Account // for what inflating takes

	over bool
}

// take takes bytes from p until there is an event, or none are left, and tells
// how many it took. It keeps no part of p.
func (m *machine) take(p []byte) (n int, ev event) {
	for n < len(p) && !m.over {
		if !m.inside {
			used, ev := m.begin(p[n:])
			n += used
			if ev.what != nothing {
				return n, ev
			}
			if !m.inside {
				break // the header is not all here
			}
		}
		k := 0
		if m.left > 0 && n < len(p) {
			k = copy(m.space(), p[n:])
			n += k
		}
		if ev := m.filled(k); ev.what != nothing {
			return n, ev
		}
	}
	if m.over {
		n = len(p)
	}
	return n, event{}
}

// room is where the reader may put payload directly, to tell filled. It is nil
// where too little is missing to be worth it.
func (m *machine) room() []byte {
	if !m.inside || m.left < directly { // so never a control frame's
		return nil
	}
	return m.space()
}

// space is where the next bytes of the frame under way go. It is never empty,
// and never reaches beyond the frame.
func (m *machine) space() []byte {
	into := &m.data
	if m.frame.Opcode.Control() {
		into = &m.control
	}
	if len(*into) == cap(*into) {
		*into = m.grow(*into)
	}
	free := (*into)[len(*into):cap(*into)]
	return free[:min(int64(len(free)), m.left)]
}

// grow makes room in a full buffer. It follows what has arrived, and not what a
// header claims; and it doubles, so that many small fragments are not copied
// over and over.
func (m *machine) grow(full []byte) []byte {
	size := max(2*len(full), growth)
	want := len(full) + int(m.left) // which is within the bound
	if m.frame.Fin && m.compressed {
		want += len(deflateTail)
	}
	if want < size && (m.frame.Fin || len(full) == 0) {
		size = want // exactly: nothing follows, or it is not known what
	}
	return append(make([]byte, 0, size), full...)
}

// filled says that n bytes of payload were put where space said.
func (m *machine) filled(n int) event {
	m.left -= int64(n)
	if m.frame.Opcode.Control() {
		m.control = m.control[:len(m.control)+n]
	} else {
		m.data = m.data[:len(m.data)+n]
	}
	if m.left > 0 {
		return event{}
	}
	m.inside = false
	if m.frame.Opcode.Control() {
		return m.endControl()
	}
	if !m.frame.Fin {
		return event{}
	}
	return m.endMessage()
}

// endControl judges a whole control frame, RFC 6455 §5.5.
func (m *machine) endControl() event {
	payload := m.control
	m.control = nil
	m.controls++
	switch m.frame.Opcode {
	case wire.OpPing:
		return event{what: ping, data: payload}
	case wire.OpClose:
		code, reason, err := wire.ParseClosePayload(payload)
		switch {
		case err != nil:
			return m.fail(wire.CloseProtocolError, err.Error())
		case code != wire.CloseNoStatus && !code.Receivable():
			return m.fail(wire.CloseProtocolError, "a Close frame has a code that may not be sent")
		case !utf8.Valid(reason): // §8.1
			return m.fail(wire.CloseInvalidData, "a close reason is not UTF-8")
		}
		m.over = true
		m.data = nil
		return event{what: closing, code: code, data: reason}
	}
	return event{} // a pong nobody asked for, §5.5.3
}

// endMessage judges a whole message.
func (m *machine) endMessage() event {
	data, kind := m.data, m.kind
	m.data, m.open = nil, false
	if m.compressed {
		var err error
		most := mostInflated(len(data), m.limit)
		switch data, err = inflate(data, most, m.account); {
		case err == errTooBig && most < m.limit:
			return m.fail(wire.ClosePolicy, "a message is compressed beyond reason")
		case err == errTooBig:
			return m.tooBig()
		case err != nil:
			// RFC 7692 fails the connection and names no code. Chromium says 1002.
			return m.fail(wire.CloseProtocolError, "a message could not be inflated")
		}
	}
	if kind == wire.Text && !utf8.Valid(data) { // §8.1
		return m.fail(wire.CloseInvalidData, "a text message is not UTF-8")
	}
	return event{what: message, kind: kind, data: data}
}

func (m *machine) tooBig() event {
	return m.fail(wire.CloseTooBig, "a message is over the limit")
}

// fail fails the WebSocket connection, RFC 6455 §7.1.7.
func (m *machine) fail(code wire.CloseCode, reason string) event {
	m.over = true
	m.data, m.control = nil, nil
	return event{what: failure, code: code, data: []byte(reason)}
}
