package upstream

import (
	"errors"
	"unicode/utf8"

	"github.com/polysocket/polysocket/internal/wire"
)

// Close starts the closing handshake, RFC 6455 §7.1.2: it sends a Close frame,
// an empty one for CloseNoStatus. Messages still come until the target's own
// Close, and then OnClosed; without one within CloseTimeout the connection is
// dropped, and OnClosed brings CloseAbnormal. Pauses are not counted, unless they
// are very long. full is as in Send. Once a Close
// frame was sent, by this or in answer to the target's, Close does nothing.
func (c *Conn) Close(code wire.CloseCode, reason []byte) (full bool, err error) {
	switch {
	case code != wire.CloseNoStatus && !code.Receivable():
		return false, errors.New("a close code that may not be sent")
	case code == wire.CloseNoStatus && len(reason) > 0:
		return false, errors.New("a close reason needs a code")
	case len(reason) > wire.MaxCloseReason || !utf8.Valid(reason):
		return false, errors.New("a close reason that is too long or not UTF-8")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.sent(nil)
	}
	c.awaitReply() // before the frame: it may be stuck behind others for ever
	return c.sent(c.writeClose(code, reason))
}

// writeClose sends the one Close frame of ours. c.mu is held.
func (c *Conn) writeClose(code wire.CloseCode, reason []byte) error {
	c.closed = true
	c.owed, c.pong = false, nil
	return c.write(wire.Header{Fin: true, Opcode: wire.OpClose}, wire.AppendClosePayload(nil, code, reason))
}

// answerClose answers the target's Close with its own code, or tells it how it
// failed, unless our Close is sent already; and gives the target CloseTimeout
// for what it has to do next, which is to close the TCP connection.
func (c *Conn) answerClose(code wire.CloseCode, reason []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		// Where this fails the connection has ended, as it is about to do anyway.
		_ = c.writeClose(code, reason)
	}
	c.startClock()
}

// lingerLimit is how many bytes are thrown away while the target is given time
// to close the connection: more than it has under way when all is well.
const lingerLimit = 64 << 20

// linger waits until the target closes the TCP connection, which is its part
// (RFC 6455 §7.1.1), but at most until the clock aborts. To close before it, or
// with bytes unread, could cost the target our Close frame. Pausing is of no
// concern here, since nothing is handed on.
func (c *Conn) linger(buffer []byte) {
	for left := lingerLimit; left > 0; {
		n, err := c.stream.Read(buffer)
		if err != nil {
			return
		}
		left -= n
		if n == readBuffer && n == len(buffer) { // there may be much more
			buffer = make([]byte, scratchSize)
		}
	}
}
