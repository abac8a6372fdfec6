package session

import (
	"fmt"
	"hash/crc32"
	"strings"

	"pgregory.net/rapid"

	"github.com/polysocket/polysocket/internal/wire"
)

func sum(data []byte) uint32 { return crc32.ChecksumIEEE(data) }

// downWorld is the model of the way down, and its random target and readers.
type downWorld struct {
	numbered bool // the client numbers what it sends
	once     bool // it may read without acknowledgements

	expectations []expectation

	total  int          // messages that the target has sent, and the close
	all    []wire.Frame // those
	msgs   []wire.Frame // what is not acknowledged
	acked  uint64
	sent   uint64
	reader *reading

	got      uint64       // what the client has read up to
	received []wire.Frame // and what it made of it
	readings []*reading
}

// A reading is an attached sink and its model.
type reading struct {
	*fakeSink
	once bool
	next uint64
	upTo uint64 // the number after the last that it took; 0: none
	full bool
	want Why // why it is to be detached, once it is not the reader
	keep int // frames of it that reach the client
}

// come is the model of push.
func (w *world) come(f wire.Frame) {
	w.total++
	w.all = append(w.all, f)
	w.msgs = append(w.msgs, f)
	w.read()
}

func (w *world) last() uint64 { return w.acked + uint64(len(w.msgs)) }

// read gives the reader what waits.
func (w *world) read() {
	for r := w.reader; r != nil && !r.full; r = w.reader {
		r.next = max(r.next, w.acked+1) // a slow reader is spared what was acknowledged meanwhile
		if r.next > w.last() {
			return
		}
		taken := int(w.last() - r.next + 1)
		if r.limit > 0 {
			taken = min(taken, r.limit)
		}
		r.next += uint64(taken)
		r.upTo = r.next
		w.sent = max(w.sent, r.next-1)
		switch r.outcome {
		case Done:
			r.want = Finished
			w.reader = nil
		case Full:
			r.full = true
		}
		if r.once && w.acknowledged(r.next-1) {
			r.want = Ended
			return
		}
	}
}

// acknowledged is the model of forget. It is true for the close.
func (w *world) acknowledged(n uint64) bool {
	if n <= w.acked {
		return false
	}
	gone := w.msgs[:n-w.acked]
	w.msgs = w.msgs[n-w.acked:]
	w.acked = n
	if gone[len(gone)-1].Kind == wire.Close {
		w.endState()
		return true
	}
	return false
}

// takeAck is the model of an acknowledgement with a request.
func (w *world) takeAck(ack Ack) wire.ErrorCode {
	switch {
	case w.state == ended:
		return wire.NoSocket
	case ack.Given && ack.N > w.acked && ack.N > w.sent:
		return wire.BadRequest
	case ack.Given && w.acknowledged(ack.N):
		return wire.NoSocket
	}
	return ""
}

// drawAck draws what the client acknowledges with a request: what it has, what
// it had, nothing, or by mistake more.
func (w *world) drawAck(t *rapid.T) Ack {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch rapid.IntRange(0, 9).Draw(t, "ack") {
	case 0:
		return Ack{}
	case 1:
		return given(rapid.Uint64Range(0, w.got).Draw(t, "a"))
	case 2:
		if w.state != ended {
			return given(max(w.sent, w.acked) + 1)
		}
	}
	return given(w.got)
}

// targetSends pushes messages, as long as the upstream reads.
func (w *world) targetSends(t *rapid.T) {
	if w.u.gone || !w.upstream {
		t.Skip("the target is gone")
	}
	for range rapid.IntRange(1, 5).Draw(t, "messages") {
		if w.u.isPaused() {
			return
		}
		n := rapid.SampledFrom([]int{0, 1, 10, 100, 1000}).Draw(t, "size")
		f := wire.Frame{Kind: wire.Binary, Data: []byte(fmt.Sprintf("%d:%s", w.total+1, strings.Repeat("x", n)))}
		w.come(f)
		w.s.OnMessage(f)
	}
}

// attach reads: like a poll, a stream, or a stream over a slow link. Some of what
// it takes may never reach the client.
func (w *world) attach(t *rapid.T) {
	k := &fakeSink{
		faults:  w.faults,
		skips:   true,
		limit:   rapid.SampledFrom([]int{0, 1, 2, 3}).Draw(t, "limit"),
		outcome: rapid.SampledFrom([]Outcome{Done, Done, More, Full}).Draw(t, "outcome"),
	}
	r := &reading{fakeSink: k, keep: rapid.SampledFrom([]int{0, 1, 3, 1000}).Draw(t, "keep")}
	ack := w.drawAck(t)
	if !ack.Given && !w.once || ack.N < w.acked && w.once && ack.Given {
		ack = given(w.got)
	}
	r.once = !ack.Given
	k.each = func(seq uint64, frames []wire.Frame) { w.receive(r, seq, frames) }
	entered := w.enter(t)
	if entered {
		k.left = func(uint64) { w.leave() }
	}
	code := w.takeAck(ack)
	var starts uint64
	if code == "" {
		if w.reader != nil {
			w.reader.want = Superseded
		}
		starts = w.acked + 1
		r.next = starts
		w.reader = r
		w.readings = append(w.readings, r)
		w.read()
	}
	first, err := w.s.Attach(k, ack)
	if codeOf(err) != code {
		t.Fatalf("attach with %v: %v, want %q", ack, err, code)
	}
	if first != starts {
		t.Fatalf("attach with %v: it starts with %d, want %d", ack, first, starts)
	}
	if err != nil && entered {
		w.leave()
	}
}

// receive is the client, which knows each message by its number.
func (w *world) receive(r *reading, seq uint64, frames []wire.Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, f := range frames {
		n := seq + uint64(i)
		if n > uint64(len(w.all)) || show(f) != show(w.all[n-1]) {
			w.add("%d is %.20q", n, show(f))
		}
		if r.keep--; r.keep < 0 || n <= w.got {
			continue
		}
		lost := w.evicted && f.Kind == wire.Close // what it had not read is gone, and it sees that
		if n != w.got+1 && !w.once && !lost {
			w.add("%d comes after %d", n, w.got)
		}
		w.got = n
		w.received = append(w.received, f)
	}
}

// ready drains a slow link.
func (w *world) ready(t *rapid.T) {
	r := w.reader
	if r == nil {
		t.Skip("no reader")
	}
	r.full = false
	w.read()
	w.s.Ready(r.fakeSink)
}

// detach ends a read from outside: its time is up, or its request is gone.
func (w *world) detach(t *rapid.T) {
	if len(w.readings) == 0 {
		t.Skip("no reader")
	}
	r := rapid.SampledFrom(w.readings).Draw(t, "reader")
	if r == w.reader {
		r.want = Left
		w.reader = nil
	}
	w.s.Detach(r.fakeSink)
}

func (w *world) checkDown(t *rapid.T) {
	for _, r := range w.readings {
		r.mu.Lock()
		told, why, taken := r.told, r.why, r.fakeSink.next
		r.mu.Unlock()
		switch {
		case r == w.reader && told != 0:
			w.add("the reader is detached, for reason %d", why)
		case r != w.reader && (told != 1 || why != r.want):
			w.add("an old reader was detached %d times, for reason %d, want reason %d", told, why, r.want)
		case taken != r.upTo:
			w.add("a reader took up to %d, want %d", taken-1, r.upTo-1)
		}
	}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	d := &w.s.down
	if w.state == ended {
		if d.queue != nil || d.bytes != 0 || d.reader != nil {
			w.add("%d messages after the end", len(d.queue))
		}
	} else {
		w.checkQueue(d)
	}
	for _, fault := range w.get() {
		t.Error(fault)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// checkQueue compares what waits, and holds it to its bound.
func (w *world) checkQueue(d *down) {
	bytes, data := 0, 0
	for _, f := range w.msgs {
		bytes += f.Cost()
		if f.Kind != wire.Close {
			data = f.Cost() // the last message's
		}
	}
	if d.acked != w.acked || len(d.queue) != len(w.msgs) || d.bytes != bytes || d.sent != w.sent {
		w.add("acked %d, sent %d, %d waiting with %d bytes; want %d, %d, %d, %d",
			d.acked, d.sent, len(d.queue), d.bytes, w.acked, w.sent, len(w.msgs), bytes)
	}
	if (d.reader != nil) != (w.reader != nil) {
		w.add("a reader is attached: %v, want %v", d.reader != nil, w.reader != nil)
	}
	if w.upstream {
		if paused := w.u.isPaused(); paused != (bytes >= w.config.BufferLimit) {
			w.add("paused is %v with %d of %d bytes", paused, bytes, w.config.BufferLimit)
		}
		if d.bytes >= w.config.BufferLimit+data {
			w.add("%d bytes wait, the bound is %d", d.bytes, w.config.BufferLimit)
		}
	}
}
