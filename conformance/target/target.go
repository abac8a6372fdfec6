package target

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Patience is how long a target waits for what must come.
const Patience = 15 * time.Second

// Options say how a Target behaves. The zero Options make one that opens every WebSocket, chooses no subprotocol, reads
// all and answers Close and Ping as RFC 6455 wants.
type Options struct {
	Choose      string           // the subprotocol it answers with, offered or not; "" is none
	Header      string           // more lines of the 101, each with its CRLF
	Refuse      string           // answered instead of the 101, whole; see Status
	Drop        bool             // the connection is closed instead of an answer to the handshake
	Manual      bool             // the handshake is not answered before Conn.Open
	IgnoreClose bool             // a Close is never answered
	Stalled     bool             // nothing is read after the handshake before Conn.Resume
	Parts       bool             // frames of unfinished messages are Events too
	TLS         *tls.Certificate // the target is wss:// with it
	Addr        string           // where to listen; "" is a port of its own on 127.0.0.1; see Alone
}

// Status is an answer for Options.Refuse, with more header lines, each with its CRLF.
func Status(code int, header string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n%s\r\n", code, http.StatusText(code), header)
}

// Target is a WebSocket server that keeps a record. It ends with its test.
type Target struct {
	URL string // ws://127.0.0.1:port, without a path

	tb      testing.TB
	o       Options
	ln      net.Listener
	conns   chan *Conn
	dialled atomic.Int64
	opened  atomic.Int64
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool
	all    []*Conn
}

// New starts a target.
func New(tb testing.TB, o Options) *Target {
	tb.Helper()
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	// A small receive buffer, so that a stalled target is felt soon.
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if e := c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 64<<10)
		}); e != nil {
			return e
		}
		return err
	}}
	ln, err := lc.Listen(context.Background(), "tcp", o.Addr)
	if err != nil {
		tb.Fatalf("target: listen: %v", err)
	}
	t := &Target{URL: "ws://" + ln.Addr().String(), tb: tb, o: o, ln: ln, conns: make(chan *Conn, 1024)}
	if o.TLS != nil {
		t.URL = "wss://" + ln.Addr().String()
	}
	t.running.Go(t.serve)
	tb.Cleanup(t.close)
	return t
}

// Dialled is how many TCP connections came.
func (t *Target) Dialled() int { return int(t.dialled.Load()) }

// Alone is an address whose port, once stopped, no other target is given: the
// system hands the ports of 127.0.0.1 out again.
const Alone = "127.77.77.77:0"

// Opened is how many WebSockets it has opened.
func (t *Target) Opened() int { return int(t.opened.Load()) }

// Accept returns the next connection whose handshake request has come, and fails the test where none comes.
func (t *Target) Accept() *Conn {
	t.tb.Helper()
	c := t.AcceptWithin(Patience)
	if c == nil {
		t.tb.Fatalf("target: no WebSocket handshake came within %v", Patience)
	}
	return c
}

// AcceptWithin is Accept, but returns nil where none comes.
func (t *Target) AcceptWithin(d time.Duration) *Conn {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case c := <-t.conns:
		return c
	case <-timer.C:
		return nil
	}
}

// Stop closes the listener: from now on the target is unreachable. Open connections stay.
func (t *Target) Stop() { t.ln.Close() }

func (t *Target) serve() {
	for {
		nc, err := t.ln.Accept()
		if err != nil {
			return
		}
		t.dialled.Add(1)
		if tc, ok := nc.(*net.TCPConn); ok {
			tc.SetWriteBuffer(256 << 10) // less than a few segments of loopback would make each wait for its ACK
		}
		if t.o.TLS != nil {
			nc = tls.Server(nc, &tls.Config{Certificates: []tls.Certificate{*t.o.TLS}})
		}
		c := newConn(t, nc)
		t.mu.Lock()
		if t.closed {
			t.mu.Unlock()
			nc.Close()
			return
		}
		t.all = append(t.all, c)
		t.running.Go(c.run)
		t.mu.Unlock()
	}
}

func (t *Target) close() {
	t.ln.Close()
	t.mu.Lock()
	t.closed = true
	all := t.all
	t.mu.Unlock()
	for _, c := range all {
		c.shutdown()
	}
	t.running.Wait()
}
