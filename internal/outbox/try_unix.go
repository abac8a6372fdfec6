//go:build unix

package outbox

import (
	"sync"
	"syscall"
)

// An attempt is one write that does not wait. They are pooled because what
// syscall.RawConn calls must be a func on the heap.
type attempt struct {
	p   []byte
	n   int
	err error
	run func(fd uintptr) bool
}

var attempts = sync.Pool{New: func() any {
	a := new(attempt)
	a.run = func(fd uintptr) bool {
		for {
			a.n, a.err = syscall.Write(int(fd), a.p)
			if a.err != syscall.EINTR {
				return true // done, whatever came of it: never wait until it is writable
			}
		}
	}
	return a
}}

// try writes what the kernel takes at once. o.mu is held, and no goroutine is
// writing.
func (o *Outbox) try(p []byte) (int, error) {
	if o.raw == nil || len(p) == 0 {
		return 0, nil
	}
	a := attempts.Get().(*attempt)
	defer attempts.Put(a)
	a.p = p
	err := o.raw.Write(a.run)
	n := max(a.n, 0) // -1 beside an error
	if err == nil && a.err != syscall.EAGAIN {
		err = a.err
	}
	a.p, a.n, a.err = nil, 0, nil
	return n, err
}
