package upstream

import (
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// readBuffer is what an idle Conn keeps to read into. Larger payloads go past
// it, straight into their message.
const readBuffer = 512

// run is the reading goroutine: it brings events until there are no more,
// OnClosed, and lets the connection go.
func (c *Conn) run() {
	c.settle() // what was sent before Start may be full, or not any more
	buffer := make([]byte, readBuffer)
	last := c.receive(buffer)
	c.charge(0)
	switch last.what {
	case closing:
		c.answerClose(last.code, last.data) // as it came: so do browsers
		c.tellClosed(last.code, last.data)
		c.linger(buffer)
	case failure:
		c.answerClose(last.code, last.data)
		if last.code == wire.CloseTooBig {
			c.tellClosed(wire.CloseTooBig, nil)
		} else {
			c.tellClosed(wire.CloseAbnormal, last.data)
		}
		c.linger(buffer)
	default:
		c.tellClosed(wire.CloseAbnormal, nil)
	}
	if !c.isAborted() {
		c.stream.Close() // says goodbye where there is TLS; this does not block either
	}
	c.Abort()
}

// receive reads, and brings messages to the handler, until the last event:
// closing, failure, or nothing where the connection has ended.
func (c *Conn) receive(buffer []byte) event {
	in := c.early
	c.early = nil
	for c.awake() {
		var (
			ev event
			n  int
		)
		if len(in) > 0 {
			n, ev = c.machine.take(in)
			in = in[n:]
		} else {
			into := c.machine.room()
			direct := into != nil
			if !direct {
				into = buffer
			}
			n, err := c.stream.Read(into)
			switch {
			case n == 0 && err != nil:
				return event{}
			case direct:
				ev = c.machine.filled(n)
			default:
				in = buffer[:n]
			}
		}
		c.charge(cap(c.machine.data))
		if n := c.machine.controls; n > 0 {
			if c.machine.controls = 0; !c.control.allows(n, time.Now()) {
				return c.machine.fail(wire.ClosePolicy, "too many control frames in a second")
			}
		}
		switch ev.what {
		case message:
			c.handler.OnMessage(wire.Frame{Kind: ev.kind, Data: ev.data})
		case ping:
			c.answer(ev.data)
		case closing, failure:
			return ev
		}
	}
	return event{}
}

// charge counts what the machine's message takes.
func (c *Conn) charge(bytes int) {
	if bytes != c.charged {
		c.account.Add(bytes - c.charged)
		c.charged = bytes
	}
}

// tellClosed calls OnClosed, and lets no other call come after it.
func (c *Conn) tellClosed(code wire.CloseCode, reason []byte) {
	c.calls.Lock()
	defer c.calls.Unlock()
	c.ended = true
	c.handler.OnClosed(code, reason)
}

func (c *Conn) isAborted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.aborted
}
