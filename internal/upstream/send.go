package upstream

import (
	"errors"
	"sync"

	"github.com/gobwas/ws"

	"github.com/polysocket/polysocket/internal/wire"
)

// The misuses of Send and Close.
var (
	errClosing   = errors.New("the connection is closing")
	errNoMessage = errors.New("only text and binary can be sent")
	errOtherKind = errors.New("a message of another kind is unfinished")
)

// scratchSize is how much is masked at a time.
const scratchSize = 32 << 10

// scratches are where data is masked, since the caller's may not be touched.
var scratches = sync.Pool{New: func() any { return new([scratchSize]byte) }}

// Send sends a message or, with more, a part of one that goes on in the next
// Send of the same kind. It does not block, and only reads data. full says that
// not everything is with the kernel yet: OnWritable will say when it is, or
// OnClosed that it never will be. Until then the caller should not send, for
// what it sends is kept in memory.
//
// An error says that nothing can be sent any more; OnClosed comes when what the
// target has sent is read.
func (c *Conn) Send(kind wire.Kind, data []byte, more bool) (full bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	header := wire.Header{Fin: !more}
	switch {
	case c.closed:
		return false, errClosing
	case kind != wire.Text && kind != wire.Binary:
		return false, errNoMessage
	case c.sending != 0 && c.sending != kind:
		return false, errOtherKind
	case c.sending != 0:
		header.Opcode = wire.OpContinuation
	case kind == wire.Text:
		header.Opcode = wire.OpText
	default:
		header.Opcode = wire.OpBinary
	}
	c.sending = 0
	if more {
		c.sending = kind
	}
	return c.sent(c.write(header, data))
}

// sent is the answer of Send and Close to a write. c.mu is held.
func (c *Conn) sent(err error) (full bool, _ error) {
	if err != nil {
		// OnClosed is to come. A paused Conn does not see its connection end, so it
		// is given no longer than this.
		c.startClock()
		return false, err
	}
	// settle cannot slip in between: it takes c.mu, and looks again.
	if c.out.Busy() {
		c.wanted = true
		return true, nil
	}
	return false, nil
}

// write writes one frame, masked (RFC 6455 §5.3). c.mu is held.
func (c *Conn) write(h wire.Header, payload []byte) error {
	h.Masked, h.Mask, h.Length = true, newMask(), int64(len(payload))
	scratch := scratches.Get().(*[scratchSize]byte)
	defer scratches.Put(scratch)
	start := len(wire.AppendHeader(scratch[:0], h))
	for offset := 0; ; start = 0 {
		n := copy(scratch[start:], payload[offset:])
		ws.Cipher(scratch[start:start+n], h.Mask, offset)
		if _, err := c.stream.Write(scratch[:start+n]); err != nil {
			return err
		}
		if offset += n; offset == len(payload) {
			return nil
		}
	}
}

// answer answers a ping at once, or when the kernel has taken everything else.
// Only the newest ping is answered then, RFC 6455 §5.5.3.
func (c *Conn) answer(payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out.Busy() {
		c.owed, c.pong = true, payload
		return
	}
	c.owed, c.pong = false, nil // an older one
	c.writePong(payload)
}

// writePong writes a pong. c.mu is held.
func (c *Conn) writePong(payload []byte) {
	// An error is Send's to report, and reading goes on without pongs.
	_ = c.write(wire.Header{Fin: true, Opcode: wire.OpPong}, payload)
}

// settle is called when everything is with the kernel after it was not, or when
// writing has failed. It pays what is owed.
func (c *Conn) settle() {
	c.mu.Lock()
	if c.handler == nil || c.out.Busy() { // Start comes here again, or who writes now
		c.mu.Unlock()
		return
	}
	tell := c.wanted
	c.wanted = false
	if c.out.Failed() != nil {
		if tell {
			// In place of OnWritable comes OnClosed. A paused Conn does not see
			// its connection end, so it is given no longer than this.
			c.startClock()
		}
		c.mu.Unlock()
		return
	}
	if c.owed {
		pong := c.pong
		c.owed, c.pong = false, nil
		c.writePong(pong)
	}
	handler := c.handler
	c.mu.Unlock()

	if !tell {
		return
	}
	c.calls.Lock()
	defer c.calls.Unlock()
	if !c.ended {
		handler.OnWritable()
	}
}
