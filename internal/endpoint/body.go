package endpoint

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// The pace of a request's body: it has bodyTime, and a second more for each bodyRate
// bytes that have come.
const (
	bodyTime = 10 * time.Second
	bodyRate = 1 << 10
)

// A Body is a request's body whose reading ends where it comes too slowly, or is told to.
// Where the connection knows no deadlines it ends by itself only. On nil, the body of a
// request without one, its methods do nothing.
type Body struct {
	body    io.ReadCloser
	control *http.ResponseController
	count   func(bytes int) // told of what is read; nil: nobody

	mu    sync.Mutex
	began time.Time
	got   int64
	idle  time.Duration // what may pass between two reads; 0: the pace holds
	until time.Time     // the latest; zero: none
	ended bool          // it is read to its end
	over  bool          // it has no deadline any more: it is at its end, or was interrupted
}

// longAgo is a deadline that ends a read that is under way.
var longAgo = time.Unix(1, 0)

// Paced gives the request's body a pace, if it has not got one: a client that sends it in
// drips, or has announced it and sends nothing, does not hold a handler for ever. It
// holds for what net/http reads of it after the handler as well.
func Paced(w http.ResponseWriter, r *http.Request) *Body {
	if b, ok := r.Body.(*Body); ok {
		return b
	}
	if r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	b := &Body{body: r.Body, control: http.NewResponseController(w), began: time.Now()}
	b.hurry()
	r.Body = b
	return b
}

// MayIdle has the body come however it likes, as long as no more than d passes without
// any of it.
func (b *Body) MayIdle(d time.Duration) {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.idle = d
	b.mu.Unlock()
	b.hurry()
}

// Count has f told of each piece that is read, with its size in bytes.
func (b *Body) Count(f func(bytes int)) {
	if b != nil {
		b.count = f
	}
}

// Until ends the reading at t at the latest.
func (b *Body) Until(t time.Time) {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.until = t
	b.mu.Unlock()
	b.hurry()
}

// Ended tells whether it was read to its end.
func (b *Body) Ended() bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ended
}

// Interrupt ends the reading, also one that is under way.
func (b *Body) Interrupt() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over {
		b.over = true
		_ = b.control.SetReadDeadline(longAgo) // where it cannot be set, the next read shows it
	}
}

// hurry sets the deadline of what is read next.
func (b *Body) hurry() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return
	}
	due := b.began.Add(bodyTime + time.Duration(b.got)*time.Second/bodyRate)
	if b.idle > 0 {
		due = time.Now().Add(b.idle)
	}
	if !b.until.IsZero() && b.until.Before(due) {
		due = b.until
	}
	_ = b.control.SetReadDeadline(due)
}

// Read implements io.Reader. The error of a body that is too slow, or was interrupted, is
// os.ErrDeadlineExceeded.
func (b *Body) Read(p []byte) (int, error) {
	b.hurry()
	n, err := b.body.Read(p)
	if b.count != nil && n > 0 {
		b.count(n)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got += int64(n)
	b.ended = b.ended || errors.Is(err, io.EOF)
	if b.ended && !b.over {
		b.over = true
		// What is read of the connection from now on is the next request, or the hangup.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// Close implements io.Closer.
func (b *Body) Close() error { return b.body.Close() }
