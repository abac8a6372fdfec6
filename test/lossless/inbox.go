package lossless

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
)

// An inbox has what has come.
type inbox struct {
	conn *conn

	mu      sync.Mutex
	got     uint64 // the number up to which all has come
	closed  bool   // with it the close
	bytes   int    // in what has come
	changed chan struct{}
}

func newInbox(c *conn) *inbox { return &inbox{conn: c, changed: make(chan struct{})} }

// acknowledging is the number up to which all has come.
func (in *inbox) acknowledging() uint64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.got
}

// take takes a message in. Reads may overlap, so it may have come before.
func (in *inbox) take(n uint64, m Message) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case n == 0 || n > in.got+1:
		return fmt.Errorf("message %d comes after %d: %v", n, in.got, m)
	case n > in.got && in.closed:
		return fmt.Errorf("message %d comes after the close: %v", n, m)
	}
	if err := in.conn.o.Arrived(n, m); err != nil {
		return err
	}
	if n <= in.got {
		return nil
	}
	in.conn.goesOn()
	in.got = n
	in.bytes += len(m.Data)
	in.closed = m.Kind == Close
	if !in.closed {
		in.conn.stats.received.Add(1)
		in.conn.stats.bytesDown.Add(int64(len(m.Data)))
	}
	close(in.changed)
	in.changed = make(chan struct{})
	return nil
}

// more waits until so many messages more have come, or the close.
func (in *inbox) more(ctx context.Context, messages uint64) bool {
	in.mu.Lock()
	end := in.got + messages
	for in.got < end && !in.closed {
		changed := in.changed
		in.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
		in.mu.Lock()
	}
	in.mu.Unlock()
	return true
}

// What may have come before it is acknowledged by a request of its own. It must be less than the bound of the protocol.
const (
	unacknowledged      = 100
	unacknowledgedBytes = 64 << 10
)

// acknowledge acknowledges what has come, for those ways to read that do so only when they begin.
func (in *inbox) acknowledge(ctx context.Context) error {
	var acked uint64
	bytes := 0
	for {
		in.mu.Lock()
		got, came, changed := in.got, in.bytes, in.changed
		in.mu.Unlock()
		if got < acked+unacknowledged && came < bytes+unacknowledgedBytes {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				return nil
			}
		}
		r := request{path: "/s/", query: url.Values{"a": {strconv.FormatUint(got, 10)}}, contentType: raw}
		a, err := in.conn.ask(ctx, r)
		switch {
		case errors.Is(err, errLost):
			continue
		case err != nil:
			return err
		case a.status == http.StatusForbidden && a.Code == "no_socket":
			return nil // the close has been acknowledged
		case a.status != http.StatusCreated:
			return a.unexpected(r)
		}
		acked, bytes = got, came
	}
}
