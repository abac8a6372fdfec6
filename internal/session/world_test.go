package session

import (
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/polysocket/polysocket/internal/budget"
	"github.com/polysocket/polysocket/internal/wire"
)

// A world is a session under a random client and a random target, and the model
// of what must come of it. The model steps first: then what was done and what is
// there are compared. The two ways have a file each.
type world struct {
	*faults
	config Config
	s      *Session
	u      *fakeUpstream

	state    state
	upstream bool      // the session still has one
	retired  bool      // the relay closes, or has closed
	evicted  bool      // the relay had no room for it
	entered  int       // requests under way
	idle     time.Time // since when there are none
	period   time.Duration

	budget  budget.Budget
	account *budget.Account // what the session is to be charged
	leaves  func()          // the account

	onEnd int
	mu    sync.Mutex // guards what callbacks write: entered, idle, onEnd, sends

	upWorld
	downWorld
}

func newWorld(t *rapid.T) *world {
	w := &world{faults: &faults{}, state: open, upstream: true}
	w.config = Config{
		MessageLimit: 1 << 20,
		BufferLimit:  rapid.SampledFrom([]int{1, 500, 5000}).Draw(t, "BufferLimit"),
		Grace:        rapid.SampledFrom([]time.Duration{5 * time.Second, 30 * time.Second, time.Hour}).Draw(t, "Grace"),
	}.WithDefaults()
	w.upWorld.init()
	w.u = &fakeUpstream{faults: w.faults, room: -1}
	w.idle, w.period = time.Now(), min(10*time.Second, w.config.Grace)
	w.s = New("id", w.u, &w.config, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.onEnd++
	})
	w.account, w.leaves = w.budget.Open(func() {})
	w.s.Charge(w.account)
	return w
}

// enter begins a request, and tells whether there is a socket.
func (w *world) enter(t *rapid.T) bool {
	entered := w.s.Enter()
	if entered != (w.state != ended) {
		t.Fatalf("Enter is %v in state %d", entered, w.state)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if entered {
		w.entered++
	}
	return entered
}

// leave ends a request.
func (w *world) leave() {
	w.mu.Lock()
	if w.entered--; w.entered == 0 {
		w.idle, w.period = time.Now(), w.config.Grace
	}
	w.mu.Unlock()
	w.s.Leave()
}

// closeState makes the model's last message the close: nothing goes up any more.
func (w *world) closeState(code wire.CloseCode) {
	w.state, w.upstream = closed, false
	w.failSends(wire.NoSocket)
	w.come(wire.Frame{Kind: wire.Close, Code: code})
}

// endState makes the model forget all.
func (w *world) endState() {
	w.state, w.upstream = ended, false
	w.failSends(wire.NoSocket)
	if w.reader != nil {
		w.reader.want = Ended
		w.reader = nil
	}
	w.acked, w.msgs = 0, nil
}

// actions are what both ways have in common.
func (w *world) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"":                w.check,
		"time":            w.timePasses,
		"writable":        w.writable,
		"room":            w.room,
		"cancel":          w.cancel,
		"target sends":    w.targetSends,
		"target sends on": w.targetSends,
		"acknowledge":     w.acknowledgeOnly,
		"ready":           w.ready,
		"detach":          w.detach,
		"end":             w.end,
	}
}

// timePasses lets the holds and the grace period run out.
func (w *world) timePasses(t *rapid.T) {
	w.u.allowForce(true) // the grace period's close may come while it is full
	defer w.u.allowForce(false)
	time.Sleep(rapid.SampledFrom([]time.Duration{
		time.Millisecond, time.Second, 4 * time.Second, 10*time.Second - 1, 10 * time.Second, 49 * time.Second,
	}).Draw(t, "time"))
	settle()
	w.expire()
	w.mu.Lock()
	lapsed := w.entered == 0 && time.Since(w.idle) >= w.period
	w.mu.Unlock()
	if lapsed && w.state != ended {
		w.releaseUpstream(wire.CloseGoingAway)
		w.endState()
	}
}

// releaseUpstream is the model of the session's own close.
func (w *world) releaseUpstream(code wire.CloseCode) {
	if w.upstream && w.state == open {
		w.ownCode = code
		w.passed()
	}
	w.upstream = false
}

// retire is the model of the relay's own close, after which the target still sends.
func (w *world) retire() {
	w.state, w.retired, w.ownCode = closing, true, wire.CloseGoingAway
	w.passed()
	w.cutSends(w.next-1, wire.NoSocket)
}

// told is the code that the client gets where the target closes with that one.
func (w *world) told(code wire.CloseCode) wire.CloseCode {
	if w.retired {
		return wire.CloseServiceRestart
	}
	return code
}

// end is what ends a socket, or would: rare, so that there is something to end.
func (w *world) end(t *rapid.T) {
	what := rapid.IntRange(0, 26).Draw(t, "what")
	w.u.allowForce(true) // the fake's own close may come while it is full
	switch what {
	case 0, 1, 2: // the target closes, or breaks
		if !w.u.gone {
			code := rapid.SampledFrom([]wire.CloseCode{wire.CloseNormal, wire.CloseNoStatus, wire.CloseAbnormal}).Draw(t, "code")
			if w.upstream {
				w.closeState(w.told(code))
			}
			w.u.end(w.s, code, "")
		}
	case 3: // a write fails
		w.u.mu.Lock()
		w.u.broken = true
		w.u.mu.Unlock()
		w.broken = true
	case 4:
		w.releaseUpstream(wire.CloseGoingAway)
		w.endState()
		w.s.Drop()
	case 5:
		if w.state == open || w.state == closing {
			w.releaseUpstream(3000)
			w.closeState(3000)
		}
		w.s.Shut(3000, "")
	case 11, 12:
		if w.state == open {
			w.retire()
		}
		w.s.Retire(wire.CloseServiceRestart, "")
	case 13, 14:
		w.evict()
		w.s.Evict("")
	case 6, 7:
		w.closeNow(t)
	case 8, 9, 10:
		w.closeInTurn(t)
	default: // an event of an upstream that was let go
		if w.upstream || w.u.gone {
			t.Skip("nothing is stale")
		}
		w.s.OnMessage(wire.Frame{Kind: wire.Text, Data: []byte("stale")})
		w.s.OnWritable()
	}
	w.u.allowForce(false)
}

// check compares the session with the model, and holds it to its bounds.
func (w *world) check(t *rapid.T) {
	settle()
	for _, fault := range w.get() {
		t.Fatal(fault)
	}
	w.s.mu.Lock()
	state, upstream, requests := w.s.state, w.s.upstream != nil, w.s.requests
	w.s.mu.Unlock()
	w.mu.Lock()
	entered, onEnd := w.entered, w.onEnd
	w.mu.Unlock()
	if state != w.state || upstream != w.upstream || requests != entered {
		t.Fatalf("state %d, an upstream %v, %d requests; want %d, %v, %d", state, upstream, requests, w.state, w.upstream, entered)
	}
	if (onEnd == 1) != (state == ended) || onEnd > 1 {
		t.Fatalf("onEnd was called %d times, in state %d", onEnd, state)
	}
	w.checkUp(t)
	w.checkDown(t)
	if held := w.budget.Held(); held != w.account.Held() || held != int64(w.holds()) {
		t.Fatalf("it is charged %d bytes, of %d in all, and holds %d", w.account.Held(), held, w.holds())
	}
}

// holds is what the model would charge.
func (w *world) holds() int {
	bytes := w.bytes + w.queued() + partCost*len(w.held)
	for _, f := range w.msgs {
		bytes += f.Cost()
	}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	for _, waiter := range w.s.up.queue {
		bytes += partCost * len(waiter.parts)
	}
	return bytes
}

// evict is the model of the end of a socket that the relay has no room for.
func (w *world) evict() {
	switch w.state {
	case ended:
		return
	case closed:
		w.endState()
		return
	}
	w.evicted = true
	w.releaseUpstream(wire.CloseGoingAway)
	w.acked = max(w.acked, w.sent)
	w.msgs, w.all, w.total = nil, w.all[:w.acked], int(w.acked)
	w.closeState(wire.CloseTryAgainLater)
}

// checkGone wants every request to be answered that there is no socket.
func (w *world) checkGone(t *rapid.T) {
	if w.state != ended {
		w.releaseUpstream(wire.CloseGoingAway)
		w.endState()
		w.u.allowForce(true)
		w.s.Drop()
	}
	w.check(t)
	if w.leaves(); w.budget.Held() != 0 {
		t.Errorf("%d bytes are charged after the end", w.budget.Held())
	}
	for _, send := range []Send{{}, {N: 1, Frames: texts("x")}, {Frames: texts("x")}, {Ack: given(0)}} {
		w.s.Accept(send, func(r Result) {
			if codeOf(r.Err) != wire.NoSocket {
				w.add("%+v after the end: %v", send, r.Err)
			}
		})
	}
	if _, err := w.s.Attach(&fakeSink{}, none); codeOf(err) != wire.NoSocket || w.s.Enter() {
		t.Errorf("attach after the end: %v", err)
	}
	s := w.s
	if s.down.queue != nil || s.down.bytes+s.up.bytes+s.up.queued+len(s.up.held)+len(s.up.queue)+len(s.up.waiting) != 0 {
		t.Errorf("left behind: %+v, %+v", s.up, s.down)
	}
	for _, fault := range w.get() {
		t.Error(fault)
	}
	time.Sleep(2 * time.Minute) // a timer that was left would find the session ended
	w.check(t)
}
