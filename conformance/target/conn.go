package target

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Conn is one connection to a Target.
type Conn struct {
	Request *http.Request // the handshake, its body unread

	t      *Target
	tb     testing.TB
	nc     net.Conn
	events *queue // messages, parts, close, end, wrong
	pings  *queue // pings and pongs
	gate   *gate
	open   *gate // lifted: the handshake may be answered
	done   chan struct{}
	end    sync.Once

	wmu     sync.Mutex // guards writes, and closing
	closing bool       // a Close was sent

	flooded atomic.Int64
}

func newConn(t *Target, nc net.Conn) *Conn {
	return &Conn{
		t: t, tb: t.tb, nc: nc, events: newQueue(), pings: newQueue(),
		gate: newGate(!t.o.Stalled), open: newGate(!t.o.Manual), done: make(chan struct{}),
	}
}

// Open answers a handshake that was held by Options.Manual.
func (c *Conn) Open() { c.open.lift() }

// Stall makes the target read no more. What the kernel buffers hold is taken still.
func (c *Conn) Stall() { c.gate.shut() }

// Resume ends a stall.
func (c *Conn) Resume() { c.gate.lift() }

// Drop breaks the TCP connection off.
func (c *Conn) Drop() { c.shutdown() }

func (c *Conn) shutdown() {
	c.end.Do(func() { close(c.done) })
	c.nc.Close()
}

// Read is the stallable reading end that the frames come by.
func (c *Conn) Read(p []byte) (int, error) {
	select {
	case <-c.gate.pass():
	case <-c.done:
		return 0, net.ErrClosed
	}
	return c.nc.Read(p)
}

func (c *Conn) run() {
	defer c.events.put(Event{Kind: KindEnd})
	defer c.shutdown()
	br := bufio.NewReaderSize(c.nc, 4096)
	c.nc.SetReadDeadline(time.Now().Add(Patience))
	req, err := http.ReadRequest(br)
	if err != nil {
		return
	}
	c.nc.SetReadDeadline(time.Time{})
	c.Request = req
	if c.t.o.Drop {
		return
	}
	if c.t.o.Refuse != "" {
		c.nc.Write([]byte(c.t.o.Refuse))
		return
	}
	var answering sync.WaitGroup
	defer answering.Wait()
	defer c.shutdown()
	answering.Go(func() {
		select {
		case <-c.open.pass():
			c.upgrade()
		case <-c.done:
		}
	})
	c.t.conns <- c
	// The client sends no frame before the 101, so what is buffered here is at most the handshake's own.
	c.frames(bufio.NewReaderSize(c, 4096))
}

func (c *Conn) upgrade() {
	sum := sha1.Sum([]byte(c.Request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n"
	if c.t.o.Choose != "" {
		answer += "Sec-WebSocket-Protocol: " + c.t.o.Choose + "\r\n"
	}
	c.t.opened.Add(1)
	c.Write([]byte(answer + c.t.o.Header + "\r\n"))
}

// frames reads until the connection ends and keeps the record.
func (c *Conn) frames(br *bufio.Reader) {
	var message []byte
	var opcode byte
	parts := 0
	wrong := func(format string, args ...any) {
		c.events.put(Event{Kind: KindWrong, Reason: fmt.Sprintf(format, args...)})
	}
	for {
		f, err := read(br, 64<<20)
		if err != nil {
			return
		}
		switch {
		case !f.Masked:
			wrong("a frame that is not masked")
		case f.RSV != 0:
			wrong("reserved bits %#x", f.RSV)
		}
		switch f.Opcode {
		case OpPing:
			c.pings.put(Event{Kind: KindPing, Data: f.Payload})
			c.Write(Frame{Fin: true, Opcode: OpPong, Payload: f.Payload}.Append(nil))
		case OpPong:
			c.pings.put(Event{Kind: KindPong, Data: f.Payload})
		case OpClose:
			c.sawClose(f)
			if !c.t.o.IgnoreClose {
				return
			}
		case OpText, OpBinary, OpContinuation:
			if (f.Opcode == OpContinuation) != (parts > 0) {
				wrong("opcode %d as frame %d of a message", f.Opcode, parts+1)
			}
			if parts == 0 {
				opcode, message = f.Opcode, nil
			}
			parts++
			message = append(message, f.Payload...)
			kind := KindText
			if opcode == OpBinary {
				kind = KindBinary
			}
			if f.Fin {
				c.events.put(Event{Kind: kind, Data: message, Parts: parts})
				parts = 0
			} else if c.t.o.Parts {
				c.events.put(Event{Kind: KindPart, Data: f.Payload, Parts: parts})
			}
		default:
			wrong("opcode %d", f.Opcode)
		}
	}
}

func (c *Conn) sawClose(f Frame) {
	e := Event{Kind: KindClose, Code: 1005}
	switch n := len(f.Payload); {
	case n == 1:
		e = Event{Kind: KindWrong, Reason: "a Close of one byte"}
	case n >= 2:
		e.Code, e.Reason = int(binary.BigEndian.Uint16(f.Payload)), string(f.Payload[2:])
	}
	c.events.put(e)
	if c.t.o.IgnoreClose {
		return
	}
	c.wmu.Lock()
	answered := c.closing
	c.closing = true
	c.wmu.Unlock()
	if !answered {
		c.Write(Frame{Fin: true, Opcode: OpClose, Payload: f.Payload}.Append(nil))
	}
}
