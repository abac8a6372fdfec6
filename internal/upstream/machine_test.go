package upstream

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/polysocket/polysocket/internal/wire"
)

const machineLimit = 2000

// feed brings bytes to a machine in pieces, each by take, or where the machine
// has room and direct says so, straight into the message.
func feed(m *machine, stream []byte, direct bool, cut func(left int) int) (events []string, last what) {
	add := func(ev event) {
		if ev.what != nothing {
			last = ev.what
			events = append(events, fmt.Sprintf("%d %c %d %q", ev.what, ev.kind, ev.code, ev.data))
		}
	}
	for len(stream) > 0 {
		n := min(max(cut(len(stream)), 1), len(stream))
		if room := m.room(); direct && room != nil {
			n = copy(room, stream[:n])
			add(m.filled(n))
			stream = stream[n:]
			continue
		}
		for piece := stream[:n]; len(piece) > 0; {
			used, ev := m.take(piece)
			if used == 0 && ev.what == nothing {
				panic("no progress")
			}
			add(ev)
			piece = piece[used:]
		}
		stream = stream[n:]
	}
	return events, last
}

func whole(left int) int { return left }

// hello is a compressed message, RFC 7692 §7.2.3.1.
const hello = "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"

func seeds(f *testing.F) {
	for _, s := range []string{
		"", "\x81\x01a", "\x01\x01a\x89\x00\x80\x01b\x88\x02\x03\xe8", "\x88\x01x", "\x88\x03\x03\xe8\xff", hello, hello + "\x81\x00" + hello,
		"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00", "\x82\x7e\x03\xe8" + strings.Repeat("x", 1000), "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
		"\x81\x81abcdx", "\xc1\x01\xff", "\x81\x02\xc3\x28",
	} {
		f.Add([]byte(s), true, uint8(1))
		f.Add([]byte(s), false, uint8(3))
	}
}

// FuzzMachine: whatever comes, events are well-formed, closing and failure are
// the last, and what is kept is justified by what came.
func FuzzMachine(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, stream []byte, deflate bool, _ uint8) {
		m := &machine{limit: machineLimit, deflate: deflate}
		ended := false
		for p := stream; len(p) > 0; {
			n, ev := m.take(p)
			p = p[n:]
			if ended && ev.what != nothing {
				t.Fatal("an event after the last")
			}
			switch ev.what {
			case nothing:
				if len(p) > 0 {
					t.Fatal("bytes are left without an event")
				}
			case message:
				if len(ev.data) > machineLimit || ev.kind == wire.Text && !utf8.Valid(ev.data) {
					t.Fatalf("a message that may not be: %q", ev.data)
				}
			case ping:
				if len(ev.data) > wire.MaxControlPayload {
					t.Fatal("a long ping")
				}
			case closing:
				ended = true
				if ev.code != wire.CloseNoStatus && !ev.code.Receivable() || !utf8.Valid(ev.data) {
					t.Fatalf("a close that may not be: %d %q", ev.code, ev.data)
				}
			case failure:
				ended = true
				if !ev.code.Receivable() || len(ev.data) == 0 || len(ev.data) > wire.MaxCloseReason {
					t.Fatalf("a failure that cannot be told: %d %q", ev.code, ev.data)
				}
			}
		}
		if ended != m.over {
			t.Fatal("over without saying so")
		}
		if cap(m.data) > 2*len(stream)+growth+1024 {
			t.Fatalf("%d bytes are kept of %d", cap(m.data), len(stream))
		}
	})
}

// FuzzSlicing: the same bytes, cut anywhere, come to the same events.
func FuzzSlicing(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, stream []byte, deflate bool, step uint8) {
		want, _ := feed(&machine{limit: machineLimit, deflate: deflate}, stream, false, whole)
		for _, direct := range []bool{false, true} {
			for _, n := range []int{1, int(step), 700} {
				got, _ := feed(&machine{limit: machineLimit, deflate: deflate}, stream, direct, func(int) int { return n })
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("in pieces of %d: got %q, want %q", n, got, want)
				}
			}
		}
	})
}

// Well-formed streams, which bytes at random never are for long: what was sent
// comes, cut anywhere.
func TestMachineProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want []string
		put := func(fin bool, op wire.Opcode, payload []byte) {
			stream = append(wire.AppendHeader(stream, wire.Header{Fin: fin, Opcode: op, Length: int64(len(payload))}), payload...)
		}
		for range rapid.IntRange(0, 5).Draw(t, "messages") {
			var data []byte
			op := wire.OpBinary
			for parts := rapid.IntRange(1, 4).Draw(t, "parts"); parts > 0; parts-- {
				for range rapid.IntRange(0, 2).Draw(t, "pings") {
					p := rapid.SliceOfN(rapid.Byte(), 0, 125).Draw(t, "ping")
					put(true, wire.OpPing, p)
					want = append(want, fmt.Sprintf("%d %c %d %q", ping, 0, 0, p))
				}
				part := make([]byte, rapid.IntRange(0, 5000).Draw(t, "length"))
				for i := range part {
					part[i] = byte(i * len(part))
				}
				data = append(data, part...)
				put(parts == 1, op, part)
				op = wire.OpContinuation
			}
			want = append(want, fmt.Sprintf("%d %c %d %q", message, wire.Binary, 0, data))
		}
		got, _ := feed(&machine{limit: 1 << 20}, stream, rapid.Bool().Draw(t, "direct"), func(left int) int {
			return rapid.IntRange(1, min(left, 3000)).Draw(t, "cut")
		})
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %.200q, want %.200q", got, want)
		}
	})
}

// A header's claim costs no memory, and small fragments no quadratic time.
func TestMachineGrowth(t *testing.T) {
	m := &machine{limit: 16 << 20}
	m.take([]byte("\x82\x7f\x00\x00\x00\x00\x01\x00\x00\x00x"))
	if cap(m.data) > growth {
		t.Errorf("%d bytes are kept for one", cap(m.data))
	}
	if len(m.room()) == 0 {
		t.Error("a large payload has no room of its own")
	}

	m = &machine{limit: 16 << 20}
	m.take([]byte("\x02\x00"))
	copies, last := 0, 0
	for range 1 << 20 {
		m.take([]byte("\x00\x01x"))
		if cap(m.data) != last {
			copies, last = copies+last, cap(m.data)
		}
	}
	if copies > 4<<20 {
		t.Errorf("%d bytes were copied for 1 MiB of fragments", copies)
	}

	// And the message in one frame ends in a buffer of its own size.
	m = &machine{limit: 16 << 20}
	m.take(wire.AppendHeader(nil, wire.Header{Fin: true, Opcode: wire.OpBinary, Length: 1e6}))
	_, ev := m.take(make([]byte, 1e6))
	if len(ev.data) != 1e6 || cap(ev.data) > 1e6+8<<10 {
		t.Errorf("%d bytes in %d", len(ev.data), cap(ev.data))
	}
}
