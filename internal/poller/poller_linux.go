package poller

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Poller watches connections. It has one goroutine, however many there are.
// Make it with New, and end it with Close.
type Poller struct {
	epoll *os.File // Go's own poller waits for it
	raw   syscall.RawConn
	done  chan struct{}

	mu      sync.Mutex
	watches map[int64]*Watch
	last    int64 // the newest watch's id
}

// New makes a Poller.
func New() (*Poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("poller: %w", os.NewSyscallError("epoll_create1", err))
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("poller: %w", os.NewSyscallError("fcntl", err))
	}
	p := &Poller{epoll: os.NewFile(uintptr(fd), "epoll"), done: make(chan struct{}), watches: make(map[int64]*Watch)}
	if p.raw, err = p.epoll.SyscallConn(); err != nil {
		_ = p.epoll.Close()
		return nil, fmt.Errorf("poller: %w", err)
	}
	go p.run()
	return p, nil
}

// Close ends the poller. Nothing is told any more, but by what was begun before.
func (p *Poller) Close() error {
	err := p.epoll.Close()
	<-p.done
	return err
}

// run tells of events until the poller is closed.
func (p *Poller) run() {
	defer close(p.done)
	events := make([]unix.EpollEvent, 128)
	for {
		var n int
		var wait error
		err := p.raw.Read(func(fd uintptr) bool {
			n, wait = unix.EpollWait(int(fd), events, 0)
			return n > 0 || wait != nil && !errors.Is(wait, unix.EINTR)
		})
		if err != nil || wait != nil {
			return // closed
		}
		for _, e := range events[:n] {
			p.mu.Lock()
			w := p.watches[idOf(e)]
			p.mu.Unlock()
			if w != nil {
				go w.tell(eventOf(e.Events))
			}
		}
	}
}

// idOf is the id that control gave the kernel, in two halves.
func idOf(e unix.EpollEvent) int64 { return int64(uint32(e.Fd)) | int64(e.Pad)<<32 }

func eventOf(epoll uint32) (e Event) {
	if epoll&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		e |= Hangup
	}
	if epoll&unix.EPOLLIN != 0 {
		e |= Readable
	}
	return e
}

// A Watch is one connection that is watched.
type Watch struct {
	poller *Poller
	raw    syscall.RawConn
	id     int64
	tell   func(Event)
	added  bool // guarded by whoever calls Arm
}

// Watch begins to watch a connection, for nothing yet: see Arm. tell is called in a
// goroutine of its own for each event, maybe still when the watch has ended. A
// connection without a file descriptor is ErrUnsupported.
func (p *Poller) Watch(conn any, tell func(Event)) (*Watch, error) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return nil, ErrUnsupported
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("poller: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	w := &Watch{poller: p, raw: raw, id: p.last, tell: tell}
	p.watches[w.id] = w
	return w, nil
}

// Arm asks for one call: at the next of these events, or a hangup, also where it
// has happened already. It takes the place of an Arm that has not been answered.
// Two calls at once are not allowed.
func (w *Watch) Arm(e Event) error {
	mask := uint32(unix.EPOLLONESHOT | unix.EPOLLRDHUP)
	if e&Readable != 0 {
		mask |= unix.EPOLLIN
	}
	op := unix.EPOLL_CTL_MOD
	if !w.added {
		op = unix.EPOLL_CTL_ADD
	}
	if err := w.control(op, mask); err != nil {
		return fmt.Errorf("poller: %w", err)
	}
	w.added = true
	return nil
}

// End ends the watch, which must be done before the connection is closed or
// handed on.
func (w *Watch) End() {
	w.poller.mu.Lock()
	delete(w.poller.watches, w.id)
	w.poller.mu.Unlock()
	if w.added {
		w.added = false
		_ = w.control(unix.EPOLL_CTL_DEL, 0) // where it is closed already the kernel has done it
	}
}

// control tells the kernel what to watch for.
func (w *Watch) control(op int, mask uint32) (err error) {
	event := unix.EpollEvent{Events: mask, Fd: int32(w.id), Pad: int32(w.id >> 32)}
	outer := w.poller.raw.Control(func(epoll uintptr) {
		inner := w.raw.Control(func(fd uintptr) {
			err = os.NewSyscallError("epoll_ctl", unix.EpollCtl(int(epoll), op, int(fd), &event))
		})
		err = errors.Join(err, inner)
	})
	return errors.Join(err, outer)
}
