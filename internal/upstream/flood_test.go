package upstream_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/wire"
)

// What costs the relay more than it costs the target is failed with 1008; what an honest
// target may send is not.
func TestFloods(t *testing.T) {
	policy := func(reason string) []string { return seen(1008, reason) }
	small, empty := part(wire.OpContinuation, rep(64)), part(wire.OpContinuation, "")
	for _, test := range []struct {
		name   string
		stream string
		events []string
		seen   []string
	}{
		{"fragments of no bytes", part(wire.OpText, "") + strings.Repeat(empty, 5000),
			fails, policy("a message is in too many fragments")},
		{"an honest flusher", part(wire.OpText, "") + strings.Repeat(small, 5000) + frame(wire.OpContinuation, "end"),
			[]string{"text of 320003 bytes", "closed 1006"}, nil},
		{"pongs nobody asked for", strings.Repeat(frame(wire.OpPong, ""), 2500),
			fails, policy("too many control frames in a second")},
		{"between fragments, too", part(wire.OpText, "") + strings.Repeat(frame(wire.OpPong, ""), 2500),
			fails, policy("too many control frames in a second")},
		{"a thousand at once", strings.Repeat(frame(wire.OpPong, ""), 1000) + frame(wire.OpText, "end"),
			[]string{"text end", "closed 1006"}, nil},
		{"a bomb", compressed(wire.OpBinary, deflated(rep(8<<20), 9)),
			fails, policy("a message is compressed beyond reason")},
		{"up to 4 MiB whatever it is", compressed(wire.OpBinary, deflated(rep(4<<20), 9)),
			[]string{"binary of 4194304 bytes", "closed 1006"}, nil},
		{"well compressed", compressed(wire.OpBinary, deflated(rep(6<<20), 9)+"\x00\x00\xff\xff"+deflated(string(noise(40<<10)), 0)),
			[]string{"binary of 6332416 bytes", "closed 1006"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			saw := make(chan []string, 1)
			u := rude(t, func(p *peer) {
				p.send(p.answer(deflates) + test.stream)
				p.CloseWrite()
				saw <- p.end()
			})
			d := dialer()
			d.MessageLimit = 16 << 20
			var b budget.Budget
			account, leave := b.Open(func() {})
			defer leave()
			c, r := dial(t, d, u), record(t)
			c.Charge(account)
			c.Start(r)
			r.expect(because(test.events, test.seen)...)
			if got := receive(t, saw); !slices.Equal(got, test.seen) {
				t.Errorf("the target saw %q, want %q", got, test.seen)
			}
			if b.Held() != 0 {
				t.Errorf("%d bytes are charged after the end", b.Held())
			}
		})
	}
}

// What the target does not take, and a message that is not whole, are charged, and not
// after the end.
func TestCharge(t *testing.T) {
	var b budget.Budget
	account, leave := b.Open(func() {})
	defer leave()
	u := rude(t, func(p *peer) {
		p.send(p.answer() + part(wire.OpBinary, rep(100<<10)))
		<-t.Context().Done() // it reads nothing
	})
	d := dialer()
	d.MessageLimit = 64 << 20
	c, r := dial(t, d, u), record(t)
	c.Charge(account)
	c.Start(r)
	eventually(t, "a message that is not whole is charged", func() bool { return b.Held() >= 100<<10 })
	const size = 32 << 20
	if full, err := c.Send(wire.Binary, make([]byte, size), false); !full || err != nil {
		t.Fatal(full, err)
	}
	if held := b.Held(); held < size/2 || held > size+1<<20 {
		t.Errorf("%d bytes are charged", held)
	}
	c.Abort()
	r.expect("closed 1006")
	eventually(t, "nothing is charged any more", func() bool { return b.Held() == 0 })
}

// eventually waits for what must come.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}
