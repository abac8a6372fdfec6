package upstream

import (
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/outbox"
	"github.com/polysocket/polysocket/internal/wire"
)

// silence is a handler that only remembers the end.
type silence struct{ closed chan wire.CloseCode }

func (silence) OnMessage(wire.Frame)                     {}
func (silence) OnWritable()                              {}
func (s silence) OnClosed(code wire.CloseCode, _ []byte) { s.closed <- code }

// The clocks, in virtual time.
func TestClocks(t *testing.T) {
	const timeout = 10 * time.Second
	for _, test := range []struct {
		name   string
		target func(net.Conn) // what the target does, before it falls silent for ever
		ours   func(*Conn)
		closed time.Duration // when OnClosed comes
		code   wire.CloseCode
		gone   time.Duration // when the connection is dropped
	}{
		{"the Close frame is stuck", func(net.Conn) {},
			func(c *Conn) { c.Close(wire.CloseNormal, nil) }, timeout, wire.CloseAbnormal, timeout},
		{"stuck and paused", func(net.Conn) {},
			func(c *Conn) { c.Pause(); c.Send(wire.Text, nil, false); c.Close(wire.CloseNormal, nil) }, mostReply * timeout, wire.CloseAbnormal, mostReply * timeout},
		{"no answer", func(conn net.Conn) { io.CopyN(io.Discard, conn, 8) },
			func(c *Conn) { c.Close(wire.CloseNormal, nil) }, timeout, wire.CloseAbnormal, timeout},
		{"a second Close is no second chance", func(conn net.Conn) { io.CopyN(io.Discard, conn, 8) },
			func(c *Conn) {
				c.Close(wire.CloseNormal, nil)
				time.Sleep(timeout / 2) // virtual
				c.Close(wire.CloseNormal, nil)
			}, timeout, wire.CloseAbnormal, timeout},
		{"no answer, and pauses between", func(conn net.Conn) { io.CopyN(io.Discard, conn, 8) },
			func(c *Conn) {
				c.Pause()
				c.Close(wire.CloseNormal, nil)
				time.Sleep(timeout)
				c.Resume()
				time.Sleep(timeout - 1)
				c.Resume() // changes nothing
				c.Pause()
				c.Pause()
				time.Sleep(2 * timeout)
				c.Resume() // which leaves a nanosecond
			}, 4 * timeout, wire.CloseAbnormal, 4 * timeout},
		{"an answer that waits for us to read", func(conn net.Conn) {
			io.CopyN(io.Discard, conn, 8)
			io.WriteString(conn, "\x82\x01x\x88\x02\x03\xe8")
		},
			func(c *Conn) {
				c.Pause()
				c.Close(wire.CloseNormal, nil)
				time.Sleep(5 * timeout)
				c.Resume()
			}, 5 * timeout, wire.CloseNormal, 6 * timeout},
		{"pauses do not go on for ever", func(conn net.Conn) { io.CopyN(io.Discard, conn, 8) },
			func(c *Conn) {
				c.Close(wire.CloseNormal, nil)
				for range 10*mostReply - 1 {
					c.Pause()
					time.Sleep(timeout / 10)
					c.Resume()
				}
				c.Pause()
			}, mostReply * timeout, wire.CloseAbnormal, mostReply * timeout},
		{"a long pause and then reading", func(conn net.Conn) { io.CopyN(io.Discard, conn, 8) },
			func(c *Conn) {
				c.Pause()
				c.Close(wire.CloseNormal, nil)
				time.Sleep(mostReply*timeout - timeout/2)
				c.Resume()
			}, mostReply * timeout, wire.CloseAbnormal, mostReply * timeout},
		{"an answer, and a pause after it", func(conn net.Conn) {
			io.CopyN(io.Discard, conn, 8)
			io.WriteString(conn, "\x88\x02\x03\xe8")
		},
			func(c *Conn) {
				c.Close(wire.CloseNormal, nil)
				time.Sleep(timeout / 2)
				c.Pause()
			}, 0, wire.CloseNormal, timeout},
		{"an answer, and TCP stays", func(conn net.Conn) {
			io.CopyN(io.Discard, conn, 8)
			time.Sleep(3 * time.Second)
			io.WriteString(conn, "\x88\x02\x03\xe8")
		},
			func(c *Conn) { c.Close(wire.CloseNormal, nil) }, 3 * time.Second, wire.CloseNormal, 3*time.Second + timeout},
		{"the target closes, and takes no answer", func(conn net.Conn) { io.WriteString(conn, "\x88\x02\x03\xe8") },
			func(c *Conn) {}, 0, wire.CloseNormal, timeout},
		{"the target fails, and takes no answer", func(conn net.Conn) { io.WriteString(conn, "\x80\x00") },
			func(c *Conn) {}, 0, wire.CloseAbnormal, timeout},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				near, far := net.Pipe()
				gone := make(chan time.Duration, 1)
				out := outbox.New(&notified{Conn: near, closed: func() { gone <- time.Since(start) }}, 0)
				c := newConn(out, out, agreed{}, timeout, machineLimit)
				s := silence{make(chan wire.CloseCode, 1)}
				c.Start(s)
				go test.target(far)
				go test.ours(c)
				code := <-s.closed
				if at := time.Since(start); at != test.closed || code != test.code {
					t.Errorf("closed with %d after %v, want %d after %v", code, at, test.code, test.closed)
				}
				if at := <-gone; at != test.gone {
					t.Errorf("dropped after %v, want %v", at, test.gone)
				}
				synctest.Wait() // and the bubble ends only if every goroutine has
				far.Close()
			})
		})
	}
}

// notified is a connection that tells when it is closed for the first time.
type notified struct {
	net.Conn
	once   sync.Once
	closed func()
}

func (n *notified) Close() error {
	n.once.Do(n.closed)
	return n.Conn.Close()
}
