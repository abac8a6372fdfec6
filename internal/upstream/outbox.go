package upstream

import (
	"bytes"
	"net"
	"sync"
	"syscall"
)

// outboxChunk is how large the pieces grow in which an outbox keeps bytes: what
// is written gives its memory back piece by piece.
const outboxChunk = 64 << 10

// An outbox is a connection whose Write never blocks. What the kernel does not
// take at once is kept, and a goroutine is borrowed that writes it and ends
// when nothing is left. It lies under TLS and under the framing, so that
// neither blocks.
//
// It keeps whatever it is given; to stop in time is the writer's business, who
// asks busy.
type outbox struct {
	net.Conn
	raw syscall.RawConn // nil: nothing is written directly

	mu      sync.Mutex
	pending [][]byte // not with the kernel yet, in order
	writing bool     // the goroutine is there; a piece in its hands is not in pending
	err     error    // of the write that failed; there is none after it
	settled func()   // called by the goroutine as its last deed, without mu
}

func newOutbox(conn net.Conn) *outbox {
	o := &outbox{Conn: conn}
	if sys, ok := conn.(syscall.Conn); ok {
		o.raw, _ = sys.SyscallConn()
	}
	return o
}

// whenSettled sets what is called each time that everything is with the kernel
// after it was not, or that the goroutine's writing has failed.
func (o *outbox) whenSettled(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settled = f
}

// Write takes all of p, or fails as a write before it did.
func (o *outbox) Write(p []byte) (int, error) {
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
func (o *outbox) keep(p []byte) {
	if last := len(o.pending) - 1; last >= 0 && len(o.pending[last])+len(p) <= outboxChunk {
		o.pending[last] = append(o.pending[last], p...)
		return
	}
	o.pending = append(o.pending, bytes.Clone(p))
}

// failed is the error of the write that failed, if one did.
func (o *outbox) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// busy tells whether something is not with the kernel yet.
func (o *outbox) busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writing
}

// drain is the borrowed goroutine.
func (o *outbox) drain() {
	for {
		o.mu.Lock()
		if o.err != nil || len(o.pending) == 0 {
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

		if _, err := o.Conn.Write(piece); err != nil {
			o.mu.Lock()
			o.err = err
			o.mu.Unlock()
		}
	}
}
