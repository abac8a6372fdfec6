package session

import (
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/wire"
)

const evicted = "close 1013 the relay is out of memory"

// evict is the relay that has no room for the socket.
func (r *rig) evict() { r.s.Evict("the relay is out of memory") }

// All that waits is forgotten, the target is told as by a page that goes, and the client
// gets 1013 next.
func TestEvict(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		var b budget.Budget
		account, leave := b.Open(func() {})
		defer leave()
		r.s.Charge(account)
		r.target("read")
		k := r.attach(r.sink(0, Full), given(0))
		r.reads(k, "read")
		r.target(strings.Repeat("x", 1000))
		ahead := r.text(2, strings.Repeat("y", 500))
		if held := account.Held(); held < 1500 || held > 2500 {
			t.Errorf("%d bytes are charged", held)
		}
		r.evict()
		if code := r.u.code(); code != wire.CloseGoingAway {
			t.Errorf("the target is closed with %d", code)
		}
		ahead.fails(wire.NoSocket)
		if held := account.Held(); held > 200 {
			t.Errorf("%d bytes are charged for a close", held)
		}
		r.s.Ready(k)
		r.reads(k, "read", evicted)
		r.ack(2).fails(wire.NoSocket)
		noSocket(r)
		if held := account.Held(); held != 0 {
			t.Errorf("%d bytes are charged after the end", held)
		}
	})
}

// What waits after the end is what the client has not read: where there is no room for
// that either, there is no socket any more.
func TestEvictWhatIsClosed(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		r.target("unread")
		r.u.end(r.s, wire.CloseNormal, "")
		r.evict()
		noSocket(r)
		r.evict()
	})
}

// A socket has room for so many withheld requests with numbers, and others are told to
// come again. Room for a message that is next is there again when one has gone.
func TestWithheldRequestsAreBounded(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		withheld := make([]*answer, 0, waitingCount)
		for range waitingCount { // the same message, again and again
			withheld = append(withheld, r.text(2, "again"))
		}
		for _, a := range withheld {
			a.waits()
		}
		r.text(2, "again").fails(wire.Busy)
		r.text(1, "first").fails(wire.Busy)
		withheld[0].cancel()
		r.text(1, "first").is(2)
		for _, a := range withheld[1:] {
			a.is(2)
		}
		r.gets("first", "again")
	})
}
