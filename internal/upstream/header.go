package upstream

import "github.com/polysocket/polysocket/internal/wire"

// begin takes a frame's header, and tells how many bytes of p belong to it. It
// leaves m.inside false where the header goes on beyond p.
func (m *machine) begin(p []byte) (used int, ev event) {
	head := p
	if m.partial > 0 {
		head = m.head[:m.partial+copy(m.head[m.partial:], p)]
	}
	h, n, err := wire.ParseHeader(head)
	switch {
	case err != nil:
		return len(p), m.fail(wire.CloseProtocolError, err.Error())
	case n == 0: // fewer than wire.MaxHeader bytes, so they fit
		m.partial = copy(m.head[:], head)
		return len(p), event{}
	}
	used, m.partial = n-m.partial, 0
	if ev := m.judge(h); ev.what != nothing {
		return used, ev
	}
	m.inside, m.frame, m.left = true, h, h.Length
	return used, event{}
}

// judge checks a header against the connection it came on, before any of its
// payload is read.
func (m *machine) judge(h wire.Header) event {
	begins := h.Opcode == wire.OpText || h.Opcode == wire.OpBinary
	bits := h.RSV
	if m.deflate && begins { // RFC 7692 §6: on a message's first frame and on no other
		bits &^= rsv1
	}
	switch {
	case h.Masked: // RFC 6455 §5.1
		return m.fail(wire.CloseProtocolError, "a frame from a server is masked")
	case bits != 0: // §5.2
		return m.fail(wire.CloseProtocolError, "a frame has a reserved bit set")
	case h.Opcode.Control():
		return event{}
	case begins && m.open: // §5.4
		return m.fail(wire.CloseProtocolError, "a message begins inside another")
	case !begins && !m.open:
		return m.fail(wire.CloseProtocolError, "a continuation frame continues nothing")
	}
	if begins {
		m.kind, m.compressed = wire.Text, h.Compressed()
		if h.Opcode == wire.OpBinary {
			m.kind = wire.Binary
		}
	}
	if begins {
		m.fragments = 0
	}
	if m.fragments++; m.fragments > freeFragments+len(m.data)/fragmentBytes {
		return m.fail(wire.ClosePolicy, "a message is in too many fragments")
	}
	m.open = true
	if h.Length > int64(m.bound()-len(m.data)) {
		return m.tooBig()
	}
	return event{}
}

// bound is how many bytes of payload a message may have as it comes. Deflate
// makes what it cannot compress a little longer, so a compressed message gets
// some more; inflating it judges by the limit itself.
func (m *machine) bound() int {
	if m.compressed {
		return m.limit + m.limit/8 + 256
	}
	return m.limit
}
