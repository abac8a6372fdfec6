// Package outbox writes to connections without ever blocking: to targets, and to
// clients whose connection is parked.
package outbox

import (
	"bytes"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/polysocket/polysocket/internal/budget"
)

// chunk is how large the pieces grow in which an outbox keeps bytes: what is
// written gives its memory back piece by piece.
const chunk = 64 << 10

// An Outbox is a connection whose Write never blocks. What the kernel does not
// take at once is kept, and a goroutine is borrowed that writes it and ends
// when nothing is left. It lies under TLS and under framing, so that neither
// blocks; over TLS, whose connections have no file descriptor, all that is written
// is the borrowed goroutine's.
//
// It keeps whatever it is given; to stop in time is the writer's business, who
// asks Busy. Make it with New.
type Outbox struct {
	net.Conn
	raw      syscall.RawConn // nil: nothing is written directly
	patience time.Duration

	mu      sync.Mutex
	account *budget.Account
	held    int      // bytes that the account was told of
	pending [][]byte // not with the kernel yet, in order
	writing bool     // the goroutine is there; a piece in its hands is not in pending
	err     error    // of the write that failed; there is none after it
	settled func()   // called by the goroutine as its last deed, without mu
}

// New makes the Outbox of a connection. A write whose pieces of 64 KiB are stuck for
// longer than patience fails; 0 waits for ever.
func New(conn net.Conn, patience time.Duration) *Outbox {
	return &Outbox{Conn: conn, raw: Raw(conn), patience: patience}
}

// Raw is the way past a connection to the kernel, where nothing else is on that way; or
// nil. Not everything with a SyscallConn has one: a *net.TCPConn may be embedded in what
// has a Read and a Write of its own.
func Raw(conn net.Conn) (raw syscall.RawConn) {
	switch c := conn.(type) {
	case *net.TCPConn:
		raw, _ = c.SyscallConn()
	case *net.UnixConn:
		raw, _ = c.SyscallConn()
	}
	return raw
}

// WhenSettled sets what is called each time that everything is with the kernel
// after it was not, or that the goroutine's writing has failed.
func (o *Outbox) WhenSettled(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settled = f
}

// Charge has what is kept counted by the account.
func (o *Outbox) Charge(a *budget.Account) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.account.Add(-o.held)
	o.account = a
	o.account.Add(o.held)
}

// hold counts bytes that are kept, or not any more. o.mu is held.
func (o *Outbox) hold(bytes int) {
	o.held += bytes
	o.account.Add(bytes)
}

// Write takes all of p, or fails as a write before it did.
func (o *Outbox) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n := 0
	if !o.writing {
		if n, o.err = o.try(p); o.err != nil {
			return n, o.err
		}
		if n == len(p) {
			return n, nil
		}
		o.writing = true
		go o.drain()
	}
	o.keep(p[n:])
	return len(p), nil
}

// keep copies p behind what is pending. o.mu is held.
func (o *Outbox) keep(p []byte) {
	o.hold(len(p))
	if last := len(o.pending) - 1; last >= 0 && len(o.pending[last])+len(p) <= chunk {
		o.pending[last] = append(o.pending[last], p...)
		return
	}
	o.pending = append(o.pending, bytes.Clone(p))
}

// Failed is the error of the write that failed, if one did.
func (o *Outbox) Failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// Busy tells whether something is not with the kernel yet.
func (o *Outbox) Busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writing
}

// drain is the borrowed goroutine.
func (o *Outbox) drain() {
	for {
		o.mu.Lock()
		if o.err != nil || len(o.pending) == 0 {
			o.hold(-o.held)
			o.pending, o.writing = nil, false
			settled := o.settled
			o.mu.Unlock()
			if settled != nil {
				settled()
			}
			return
		}
		piece := o.pending[0]
		o.pending[0] = nil
		o.pending = o.pending[1:]
		o.mu.Unlock()

		err := o.writeOut(piece)
		o.mu.Lock()
		o.hold(-len(piece))
		if err != nil {
			o.err = err
		}
		o.mu.Unlock()
	}
}

// writeOut writes a piece, and waits until it is with the kernel.
func (o *Outbox) writeOut(piece []byte) error {
	if o.patience == 0 {
		_, err := o.Conn.Write(piece)
		return err
	}
	for part := range slices.Chunk(piece, chunk) {
		if err := o.Conn.SetWriteDeadline(time.Now().Add(o.patience)); err != nil {
			return err
		}
		if _, err := o.Conn.Write(part); err != nil {
			return err
		}
	}
	return o.Conn.SetWriteDeadline(time.Time{})
}
