package session

import (
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/polysocket/polysocket/internal/wire"
)

// settle waits until all that runs beside the test has come to rest.
func settle() { synctest.Wait() }

// upWorld is the model of the way up, and its random client.
type upWorld struct {
	// script has the client's parts: number n is script[n-1].
	script []wire.Frame
	most   uint64 // the highest number that was ever sent

	next, kernel uint64
	space        int // parts that go straight to the kernel; negative: all
	full, broken bool
	own          uint64
	ownCode      wire.CloseCode

	held  map[uint64]int // sizes
	bytes int
	queue []*request
	part  *request     // the last send of a part without a number
	want  []wire.Frame // the parts that the target is to get
	same  int          // messages at the target that were compared already

	requests []*request // not yet answered, as the model sees it
}

// A request is a send under way.
type request struct {
	at          time.Time
	parts       []wire.Frame // of one without numbers, whose turn is to come
	numbered    bool
	begun       bool
	mid, more   bool // of a part without a number: it continues a message, it goes on
	first, last uint64
	cancel      func()

	answers int
	result  Result
}

func (w *upWorld) init() {
	w.next, w.space = 1, -1
	w.held = make(map[uint64]int)
}

// drawSize draws how large a part is: mostly small, sometimes so that the window's
// bytes run out.
func drawSize(t *rapid.T) int {
	return rapid.SampledFrom([]int{0, 1, 10, 100, 100, 1000, 1000, 90_000, 256 << 10, 300_000}).Draw(t, "size")
}

// drawMessage draws a message that can be told from all others, in one part or more,
// cut anywhere.
func drawMessage(t *rapid.T, name int) []wire.Frame {
	kind := rapid.SampledFrom([]wire.Kind{wire.Text, wire.Binary}).Draw(t, "kind")
	n := drawSize(t)
	data := []byte(fmt.Sprintf("%d:%s", name, strings.Repeat("€", n/3)+strings.Repeat("x", n%3)))
	frames := []wire.Frame{{Kind: kind, Data: data}}
	for range rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "cuts") {
		last := &frames[len(frames)-1]
		cut := rapid.IntRange(0, min(len(last.Data), 20)).Draw(t, "cut")
		rest := wire.Frame{Kind: kind, Data: last.Data[cut:]}
		last.Data, last.More = last.Data[:cut], true
		frames = append(frames, rest)
	}
	return frames
}

// whole tells whether number n is a whole message.
func (w *upWorld) whole(n uint64) bool {
	return !w.script[n-1].More && (n == 1 || !w.script[n-2].More) && w.script[n-1].Kind != wire.Close
}

// sendNumbered sends a stretch of the script: what comes next, ahead of it, far
// ahead, or once more; as a batch of whole messages, or as one part.
func (w *world) sendNumbered(t *rapid.T) {
	first := max(1, int64(w.next)+rapid.SampledFrom([]int64{-3, -1, 0, 0, 0, 1, 2, 5, 62, 63, 64}).Draw(t, "ahead"))
	count := rapid.SampledFrom([]int{1, 1, 1, 2, 3, 4, 8, 70}).Draw(t, "count")
	for len(w.script) < int(first)+count {
		w.script = append(w.script, drawMessage(t, len(w.script)+1)...)
	}
	n := uint64(first)
	send := Send{N: n, Whole: w.whole(n)}
	for send.Frames = w.script[n-1 : n]; send.Whole && len(send.Frames) < count && w.whole(n+uint64(len(send.Frames))); {
		send.Frames = w.script[n-1 : int(n)+len(send.Frames)]
	}
	w.send(t, send)
}

// sendNext sends new messages without numbers: whole ones at once, or the parts
// of one, a request each.
func (w *world) sendNext(t *rapid.T) {
	if w.part != nil && w.part.parts != nil {
		t.Skip("a part waits") // which the client may have to send again
	}
	if len(w.script) == 0 {
		w.most++
		w.script = drawMessage(t, int(w.most))
	}
	mid := w.part != nil && w.part.more
	if mid || w.script[0].More || rapid.Bool().Draw(t, "part") {
		send := Send{Frames: w.script[:1:1]}
		if w.send(t, send) == "" { // else the client sends it again
			w.script = w.script[1:]
		}
		return
	}
	send := Send{Frames: w.script, Whole: true}
	w.script = nil
	for range rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "more") {
		w.most++
		send.Frames = append(send.Frames, wire.Frame{Kind: wire.Binary, Data: fmt.Appendf(nil, "%d", w.most)})
	}
	w.send(t, send)
}

// untaken puts a part back that was not taken.
func (w *upWorld) untaken(r *request) {
	if r != w.part {
		return
	}
	w.script = append(slices.Clone(r.parts), w.script...)
	w.part = &request{more: r.mid}
}

// send sends, and steps the model.
func (w *world) send(t *rapid.T, send Send) wire.ErrorCode {
	send.Ack = w.drawAck(t)
	entered := w.enter(t)
	r := &request{at: time.Now(), numbered: send.N > 0}
	code := w.takeAck(send.Ack)
	final := send.N + uint64(len(send.Frames)) - 1
	switch {
	case code != "":
	case w.state == closed, w.retired:
		code = wire.NoSocket
	case w.own != 0 && (send.N == 0 || final > w.own):
		code = wire.BadRequest
	case send.N == 0 && send.Frames[0].Kind == wire.Close:
		w.u.allowForce(true)
		r.parts = send.Frames
		w.queue = append(w.queue, r)
		w.requests = append(w.requests, r)
		w.passAll(true)
	case send.N == 0:
		total := 0
		for _, f := range send.Frames {
			total += len(f.Data)
		}
		if len(w.queue) >= 64 || len(w.queue) > 0 && w.queued()+total > 4*w.config.MessageLimit {
			code = wire.Busy
			break
		}
		r.parts = send.Frames
		if !send.Whole {
			r.mid, r.more = w.part != nil && w.part.more, send.Frames[0].More
			w.part = r
		}
		w.queue = append(w.queue, r)
		w.requests = append(w.requests, r)
		w.passAll(false)
	default:
		code = w.takeNumbered(r, send)
	}
	var now Result
	_, r.cancel = w.s.Accept(send, func(result Result) {
		w.mu.Lock()
		r.answers++
		r.result, now = result, result
		w.mu.Unlock()
		if entered {
			w.leave()
		}
	})
	w.u.allowForce(false)
	if got := codeOf(now.Err); code != "" && got != code {
		t.Fatalf("the answer is %q, want %q", got, code)
	}
	return code
}

// takeNumbered takes what lies inside the window.
func (w *world) takeNumbered(r *request, send Send) wire.ErrorCode {
	r.first, r.last = send.N, send.N-1
	for i, f := range send.Frames {
		n := send.N + uint64(i)
		if _, held := w.held[n]; !held && n >= w.next {
			if n > w.next+63 || n > w.next && w.bytes+len(f.Data) > 256<<10 {
				break
			}
			w.held[n] = len(f.Data)
			w.bytes += len(f.Data)
			w.most = max(w.most, n)
		}
		r.last = n
		w.passAll(false)
	}
	if r.last < r.first {
		return wire.OutOfWindow
	}
	w.requests = append(w.requests, r)
	if w.own != 0 { // where it brought the close itself
		w.cutSends(w.own, wire.BadRequest)
	}
	return ""
}

// passAll passes on what may go.
func (w *world) passAll(force bool) {
	for w.state == open && (force || !w.full) {
		_, held := w.held[w.next]
		switch {
		case held:
			w.passPart(w.script[w.next-1])
		case len(w.queue) > 0:
			r := w.queue[0]
			if !r.begun {
				r.begun, r.first, r.last = true, w.next, w.next+uint64(len(r.parts))-1
			}
			f := r.parts[0]
			if r.parts = r.parts[1:]; len(r.parts) == 0 {
				r.parts = nil
				w.queue = w.queue[1:]
			}
			w.passPart(f)
		default:
			return
		}
	}
}

func (w *world) passPart(f wire.Frame) {
	w.bytes -= w.held[w.next]
	delete(w.held, w.next)
	if f.Kind == wire.Close {
		w.state, w.own, w.ownCode = closing, w.next, f.Code
		w.cutSends(w.own, wire.BadRequest)
	} else {
		w.want = append(w.want, f)
	}
	w.next++
	w.passed()
}

// passed is the model of the fake's full.
func (w *world) passed() {
	switch {
	case w.broken || w.full || w.space == 0:
		w.full = true
		return
	case w.space > 0:
		w.space--
	}
	w.kernel = w.next - 1
}

func (w *upWorld) queued() int {
	total := 0
	for _, r := range w.queue {
		for _, f := range r.parts {
			total += len(f.Data)
		}
	}
	return total
}

// closeInTurn puts the client's close behind all that it has sent.
func (w *world) closeInTurn(t *rapid.T) {
	frame := wire.Frame{Kind: wire.Close, Code: 3001}
	if !w.numbered || slices.ContainsFunc(w.script, func(f wire.Frame) bool { return f.Kind == wire.Close }) {
		t.Skip("the client has closed, or has no numbers")
	}
	// What was never sent may still be put off; the rest of the script would be
	// the mistake of a number after the close.
	w.script = slices.Insert(w.script, int(w.most), frame)
	w.send(t, Send{N: w.most + 1, Frames: []wire.Frame{frame}})
}

// closeNow closes at once.
func (w *world) closeNow(t *rapid.T) {
	w.send(t, Send{Frames: []wire.Frame{{Kind: wire.Close, Code: 1001, Data: []byte("bye")}}})
}

// acknowledgeOnly sends an acknowledgement without data.
func (w *world) acknowledgeOnly(t *rapid.T) {
	ack := w.drawAck(t)
	if w.enter(t) {
		defer w.leave()
	}
	want := w.takeAck(ack)
	if err := w.s.Acknowledge(ack); codeOf(err) != want {
		t.Fatalf("the answer is %v, want %q", err, want)
	}
}

// cancel ends a request before its answer.
func (w *world) cancel(t *rapid.T) {
	if len(w.requests) == 0 {
		t.Skip("no request waits")
	}
	r := rapid.SampledFrom(w.requests).Draw(t, "request")
	if r.begun {
		return // its answer comes still; checkUp waits for it
	}
	w.forget(r)
	w.untaken(r)
	r.cancel()
	r.cancel()
	settle()
	w.mu.Lock()
	answers := r.answers
	w.mu.Unlock()
	if answers != 0 {
		t.Fatalf("cancelled, and answered %d times", answers)
	}
	w.leave()
}

func (w *upWorld) forget(r *request) {
	same := func(o *request) bool { return o == r }
	w.requests = slices.DeleteFunc(w.requests, same)
	w.queue = slices.DeleteFunc(w.queue, same)
}

// writable drains the upstream; room says after how much it is full again.
func (w *world) writable(t *rapid.T) {
	if w.u.gone || w.broken {
		t.Skip("the upstream is gone")
	}
	room := rapid.SampledFrom([]int{0, 1, 2, 5, -1}).Draw(t, "room")
	if w.upstream {
		w.full, w.kernel, w.space = false, w.next-1, room
		w.passAll(false)
	}
	w.u.drain(w.s, room)
}

func (w *world) room(t *rapid.T) {
	w.space = rapid.SampledFrom([]int{0, 1, 2, 5, -1}).Draw(t, "room")
	w.u.setRoom(w.space)
}

// expire is the model of the time that a send waits.
func (w *world) expire() {
	for _, r := range slices.Clone(w.requests) {
		age := time.Since(r.at)
		switch {
		case r.numbered && age >= w.config.Hold:
			w.expected(r, "")
		case !r.numbered && !r.begun && age >= 50*time.Second:
			w.expected(r, wire.Busy)
			w.untaken(r)
		}
	}
}

// failSends answers all who wait.
func (w *world) failSends(code wire.ErrorCode) {
	w.answerKernel()
	for _, r := range slices.Clone(w.requests) {
		w.expected(r, code)
	}
	w.held, w.bytes = map[uint64]int{}, 0
	w.queue = nil
}

// cutSends answers those who wait behind the last message that goes up.
func (w *world) cutSends(last uint64, code wire.ErrorCode) {
	for _, r := range slices.Clone(w.requests) {
		if r.parts != nil || r.last > last {
			w.expected(r, code)
		}
	}
	w.held, w.bytes = map[uint64]int{}, 0
	w.queue = nil
}

// An expectation is an answer that must have been given by the next check.
type expectation struct {
	*request
	code   wire.ErrorCode
	kernel uint64
}

func (w *world) expected(r *request, code wire.ErrorCode) {
	w.forget(r)
	w.expectations = append(w.expectations, expectation{r, code, w.kernel})
}

// answerKernel answers those whose all is with the kernel.
func (w *world) answerKernel() {
	for _, r := range slices.Clone(w.requests) {
		if r.parts == nil && r.last <= w.kernel {
			w.expected(r, "")
		}
	}
}

func (w *world) checkUp(t *rapid.T) {
	w.answerKernel()
	w.mu.Lock()
	for _, e := range w.expectations {
		if e.answers != 1 || codeOf(e.result.Err) != e.code || e.code == "" && e.result.N != e.kernel {
			w.add("%d answers to %d to %d, the last %d %v; want %d %q",
				e.answers, e.first, e.last, e.result.N, e.result.Err, e.kernel, e.code)
		}
	}
	w.expectations = w.expectations[:0]
	for _, r := range w.requests {
		if r.answers != 0 {
			w.add("%d to %d is answered early: %d %v", r.first, r.last, r.result.N, r.result.Err)
		}
	}
	w.mu.Unlock()

	w.u.mu.Lock()
	defer w.u.mu.Unlock()
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if diff := w.compareTarget(); diff != "" {
		w.add("at the target (-want +got):\n%s", diff)
	}
	if (w.u.closed != nil) != (w.ownCode != 0) || w.u.closed != nil && w.u.closed.Code != w.ownCode {
		w.add("the target is closed with %v, want %d", w.u.closed, w.ownCode)
	}
	u := &w.s.up
	if w.upstream && (u.next != w.next || u.passed != w.kernel || u.full != w.full) {
		w.add("next %d, passed %d, full %v; want %d, %d, %v", u.next, u.passed, u.full, w.next, w.kernel, w.full)
	}
	if len(u.held) != len(w.held) || u.bytes != w.bytes || len(u.queue) != len(w.queue) || u.queued != w.queued() {
		w.add("held %d (%d bytes), queued %d (%d bytes); want %d (%d), %d (%d)",
			len(u.held), u.bytes, len(u.queue), u.queued, len(w.held), w.bytes, len(w.queue), w.queued())
	}
	if len(u.waiting) > len(w.requests) {
		w.add("%d wait for their answer, want at most %d", len(u.waiting), len(w.requests))
	}
	// The bounds themselves, whatever the model says.
	ahead := 0
	for n, p := range u.held {
		if n != u.next {
			ahead += len(p.Data)
		}
	}
	if ahead > 256<<10 || len(u.held) > 64 || len(u.queue) > 65 || len(u.queue) > 1 && u.queued > 4*w.config.MessageLimit {
		w.add("out of bounds: %d bytes ahead, %d held, %d queued with %d bytes", ahead, len(u.held), len(u.queue), u.queued)
	}
}
