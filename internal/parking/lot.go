// Package parking keeps connections of HTTP/1.x whose answer has still to come, or
// to go on, without a goroutine and without a buffer. A handler hijacks its
// connection, parks it, and returns; who has something to answer writes it, and
// nobody ever waits. A connection whose answer is complete waits here for its next
// request, too, and then goes back to the http.Server that it came from.
package parking

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/poller"
)

// The times of a connection.
const (
	idleTime  = 75 * time.Second // it may wait for its next request: any.headers
	stuckTime = 30 * time.Second // the kernel may take nothing of what waits
	drainTime = 3 * time.Second  // it has to take what waits, when the lot closes
)

// A Lot is where connections are parked. Make it with NewLot, and end it with
// Close.
type Lot struct {
	mu     sync.Mutex
	poller *poller.Poller // nil before it is needed, and where the system has none
	none   bool           // the system has none
	conns  map[*Conn]struct{}
	exits  map[*http.Server]*exit
	closed bool
	empty  chan struct{} // closed when the lot is, and holds nothing
	once   sync.Once     // for empty
	onEnd  func(net.Conn)
	served sync.WaitGroup
}

// NewLot makes a Lot. Where the system has no poller nothing can be parked in it.
func NewLot() *Lot {
	return &Lot{conns: make(map[*Conn]struct{}), exits: make(map[*http.Server]*exit), empty: make(chan struct{})}
}

// WhenClosed has f called when the lot has closed a connection, of which its server then
// hears no more. It is called before anything is parked.
func (l *Lot) WhenClosed(f func(net.Conn)) { l.onEnd = f }

func (l *Lot) ended(conn net.Conn) {
	if l.onEnd != nil {
		l.onEnd(conn)
	}
}

// open tells whether something can be parked.
func (l *Lot) open() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.poller == nil && !l.none && !l.closed {
		p, err := poller.New()
		l.poller, l.none = p, err != nil
	}
	return l.poller != nil && !l.closed
}

// Park takes over the connection of a request. Where the response's header has
// been written, what follows is its body; else the answer is to be given by
// Respond. The caller then calls Start, and returns from its handler: w and r are
// of no more use.
//
// Where it is not ok the connection cannot be parked (HTTP/2, a wrapped
// ResponseWriter, a system without a poller), and the handler has to wait itself.
func (l *Lot) Park(w http.ResponseWriter, r *http.Request) (c *Conn, ok bool) {
	if r.ProtoMajor != 1 || !l.open() {
		return nil, false
	}
	// A body that was not read would be taken for the next request.
	_, err := io.CopyN(io.Discard, r.Body, 64<<10)
	whole := errors.Is(err, io.EOF)
	server, _ := r.Context().Value(http.ServerContextKey).(*http.Server)
	conn, buffers, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, false
	}
	c = &Conn{lot: l, server: server, chunked: r.ProtoAtLeast(1, 1)}
	c.keep = c.chunked && !r.Close && whole && server != nil
	conn, c.ahead = split(conn, buffers.Reader)
	c.open(conn)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = struct{}{}
	return c, true
}

// remove forgets a connection.
func (l *Lot) remove(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.conns[c]; !ok {
		return
	}
	delete(l.conns, c)
	l.drained()
}

// drained tells Close that nothing is left.
func (l *Lot) drained() {
	if l.closed && len(l.conns) == 0 {
		l.once.Do(func() { close(l.empty) })
	}
}

// closing tells whether connections are not to be kept any more.
func (l *Lot) closing() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// Close closes what waits for a next request, gives answers that are under way a
// few seconds to go out, and then closes what is left. Nothing is parked any more
// after it.
func (l *Lot) Close() {
	l.mu.Lock()
	l.closed = true
	all := l.all()
	l.drained()
	l.mu.Unlock()
	for _, c := range all {
		c.drain()
	}
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	select {
	case <-l.empty:
	case <-timer.C:
		l.mu.Lock()
		all = l.all()
		l.mu.Unlock()
		for _, c := range all {
			c.Cut()
		}
	}
	l.mu.Lock()
	exits, p := l.exits, l.poller
	l.exits = nil
	l.mu.Unlock()
	for _, e := range exits {
		_ = e.Close()
	}
	l.served.Wait()
	if p != nil {
		_ = p.Close() // of a file, which does not fail
	}
}

func (l *Lot) all() []*Conn {
	all := make([]*Conn, 0, len(l.conns))
	for c := range l.conns {
		all = append(all, c)
	}
	return all
}

// An exit is how connections leave the lot: a listener from which their server
// accepts them.
type exit struct {
	conns chan net.Conn
	addr  net.Addr
	once  sync.Once
	done  chan struct{}
}

// leave gives a connection back to its server.
func (l *Lot) leave(server *http.Server, conn net.Conn) {
	l.mu.Lock()
	e := l.exits[server]
	if e == nil && l.exits != nil {
		e = &exit{conns: make(chan net.Conn), addr: conn.LocalAddr(), done: make(chan struct{})}
		l.exits[server] = e
		// Its first listener it serves already, since a request has come from there:
		// else HTTP/2 would be missing.
		l.served.Go(func() {
			_ = server.Serve(e) // it ends when the server does, or with Close
			l.mu.Lock()
			defer l.mu.Unlock()
			delete(l.exits, server)
		})
	}
	l.mu.Unlock()
	if e == nil {
		_ = conn.Close()
		l.ended(conn)
		return
	}
	select {
	case e.conns <- conn:
	case <-e.done:
		_ = conn.Close()
		l.ended(conn)
	}
}

// Accept implements net.Listener.
func (e *exit) Accept() (net.Conn, error) {
	select {
	case conn := <-e.conns:
		return conn, nil
	case <-e.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (e *exit) Close() error {
	e.once.Do(func() { close(e.done) })
	return nil
}

// Addr implements net.Listener.
func (e *exit) Addr() net.Addr { return e.addr }
