package upstream_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// A recorder is a handler that writes down what it hears.
type recorder struct {
	testing.TB
	events   chan string
	messages chan wire.Frame
	writable chan struct{}
	ended    chan struct{}
}

func record(t testing.TB) *recorder {
	return &recorder{TB: t, events: make(chan string, 1<<14), messages: make(chan wire.Frame, 1<<14),
		writable: make(chan struct{}, 1<<10), ended: make(chan struct{})}
}

func (r *recorder) OnMessage(f wire.Frame) {
	r.alive("OnMessage")
	name := "text"
	if f.Kind == wire.Binary {
		name = "binary"
	}
	data := string(f.Data)
	if len(data) > 100 {
		data = fmt.Sprintf("of %d bytes", len(data))
	}
	r.messages <- f
	r.events <- name + " " + data
}

func (r *recorder) OnWritable() {
	r.alive("OnWritable")
	r.writable <- struct{}{}
}

func (r *recorder) OnClosed(code wire.CloseCode, reason []byte) {
	r.alive("OnClosed")
	r.events <- strings.TrimSpace(fmt.Sprintf("closed %d %s", code, reason))
	close(r.ended)
}

func (r *recorder) alive(call string) {
	select {
	case <-r.ended:
		r.Errorf("%s comes after OnClosed", call)
	default:
	}
}

// next waits for the next event.
func (r *recorder) next() string {
	r.Helper()
	return receive(r, r.events)
}

// expect waits for events in order.
func (r *recorder) expect(events ...string) {
	r.Helper()
	for _, want := range events {
		if got := r.next(); got != want {
			r.Fatalf("got %q, want %q", got, want)
		}
	}
}

// receive waits for a value, but not for ever.
func receive[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}
