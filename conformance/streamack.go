package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var streamAckRules = []rule{
	every("stream.ack", "once", testStreamAck),
	every("stream.ack", "the bound", testStreamBound),
	every("stream.ack", "without a", testStreamFree),
	every("end.resume", "streams", testStreamResume),
}

func testStreamAck(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		st := s.stream(carrier, a(0)).open().at(1)
		c.Text("one", "two", "three")
		all := []string{"text one", "text two", "text three"}
		st.has(all...)
		st.cut()
		s.stream(carrier, a(0)).open().at(1).has(all...) // what was written is not what was read
		st = s.stream(carrier, a(1)).open().at(2).has(all[1:]...)
		s.form(a(2)).do().is(201)
		st.silent(100 * time.Millisecond) // it goes on
		s.stream(carrier, a(1)).open().at(3).has(all[2]).silent(50 * time.Millisecond)
		st = s.stream(carrier, a(3)).open().at(4)
		s.poll(a(0), "ttl=0").do().has("heartbeat").at(4) // and that was the acknowledgement
		st.ends()
		st = s.stream(carrier, a(3)).open().at(4)
		c.Text("four")
		st.has("text four")
		st.cut()
		s.seen = 3
		s.expect("text four")
	})
}

// testStreamBound reads a flood, and acknowledges by other requests.
func testStreamBound(t *T) {
	t.streams(func(t *T, carrier string) {
		s, c := t.pair(target.Options{})
		atBound := t.srv.BufferLimit/block + 2
		count := 5 * atBound
		c.Flood(count, numbered)
		st := s.stream(carrier, a(0), "hb=1000").open().at(1)
		for read := 0; read < count; {
			got := st.flooded(read, count)
			if got == read || got > read+atBound {
				t.Fatalf("stream.ack: %v\n  after the acknowledgement of %d messages of %d KiB came %d, want about the bound", st, read, block>>10, got-read)
			}
			if got < count && read == 0 {
				st.inbox = nil
				st.beat() // while it waits
			}
			s.form(a(got)).do().is(201)
			read = got
		}
		s.poll(a(count), "ttl=0").do().has("heartbeat").at(int64(count + 1))
		st.ends()
	})
}

// flooded takes messages of a flood, of which there have been some, until no more come for a while, and returns how many
// there have been then.
func (st *stream) flooded(next, count int) int {
	st.t.Helper()
	for d := patience; next < count; d = time.Second {
		m, ok := st.take("", d)
		if !ok {
			break
		}
		st.flood(m, next)
		next++
	}
	return next
}

// flood fails the test unless m is this message of a flood.
func (st *stream) flood(m item, i int) {
	st.t.Helper()
	if want := fmt.Sprintf("text %06d", i); !strings.HasPrefix(m.text, want) || len(m.text) != len("text ")+block {
		st.t.Fatalf("%v\n  got: %q, want message %d of the flood", st, clip(m.text), i)
	}
}

func testStreamFree(t *T) {
	for _, carrier := range []string{"x", "e"} {
		t.sub(carrier, func(t *T) {
			t.Parallel()
			s, c := t.pair(target.Options{})
			c.Text("one", "two")
			s.waiting(2)
			s.stream(carrier).open().at(1).has("text one", "text two").cut() // first what is unacknowledged
			st := s.stream(carrier).open().at(3)
			s.form(a(0)).do().is(201)
			// Far more than the bound, and it waits for no one.
			count := 10 * t.srv.BufferLimit / block
			c.Flood(count, numbered)
			for i := range count {
				m, ok := st.take("", patience)
				if !ok {
					t.Fatalf("stream.ack: %v\n  without a, after %d messages of %d KiB: %s", st, i, block>>10, st.state())
				}
				st.flood(m, i)
			}
			s.poll(a(0), "ttl=0").do().has("heartbeat").at(int64(count + 3))
			st.ends()
		})
	}
}

// testStreamResume reads on by one transport after the other, each of them cut off.
func testStreamResume(t *T) {
	s, c := t.pair(target.Options{})
	next := 0
	for round := range 3 {
		for i, carrier := range []string{"x", "m", "e", "x", "j", "e", "m"} {
			want := []string{fmt.Sprint("text ", next), fmt.Sprint("text ", next+1), fmt.Sprint("text ", next+2)}
			if carrier == "j" {
				c.Text(fmt.Sprint(next))
				s.resumed(a(next), "ttl=10000").has(want[0]).at(int64(next + 1))
				next++
				continue
			}
			st := s.stream(carrier, a(next)).open().at(int64(next + 1))
			c.Text(fmt.Sprint(next), fmt.Sprint(next+1))
			st.has(want[:2]...)
			// One more comes while no one reads, or just then.
			if (round+i)%2 == 0 {
				st.cut()
			}
			c.Text(fmt.Sprint(next + 2))
			st.cut()
			if next += 2; i%2 == 0 {
				s.resumed(a(next), "ttl=10000").has(want[2]).at(int64(next + 1))
			} else {
				s.stream(carriers[i%3], a(next)).open().at(int64(next + 1)).has(want[2]).cut()
			}
			next++
		}
	}
}
