package session

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/wire"
)

// A rig is a session with a fake upstream, for examples. Its methods are what a
// client, a target or the clock does.
type rig struct {
	*testing.T
	s     *Session
	u     *fakeUpstream
	ended atomic.Int32
}

// example runs f in virtual time.
func example(t *testing.T, config Config, f func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		config = config.WithDefaults()
		r := &rig{T: t, u: &fakeUpstream{faults: &faults{}, room: -1}}
		r.s = New("id", r.u, &config, func() { r.ended.Add(1) })
		f(r)
		synctest.Wait()
		for _, fault := range r.u.get() {
			t.Error(fault)
		}
		r.s.Drop() // so that no timer is left
		if n := r.ended.Load(); n != 1 {
			t.Errorf("onEnd was called %d times", n)
		}
	})
}

// An answer is what a Send's done was called with.
type answer struct {
	t      testing.TB
	cancel func()

	mu     sync.Mutex
	calls  int
	result Result
}

// send accepts a send, as a request that lasts until its answer.
func (r *rig) send(send Send) *answer {
	r.Helper()
	a := &answer{t: r}
	entered := r.s.Enter()
	_, a.cancel = r.s.Accept(send, func(result Result) {
		a.set(result)
		if entered {
			r.s.Leave()
		}
	})
	return a
}

// text sends whole text messages, numbered from n.
func (r *rig) text(n uint64, data ...string) *answer {
	r.Helper()
	return r.send(Send{N: n, Whole: true, Frames: texts(data...)})
}

// part sends one part.
func (r *rig) part(n uint64, kind wire.Kind, data string, more bool) *answer {
	r.Helper()
	return r.send(Send{N: n, Frames: []wire.Frame{{Kind: kind, Data: []byte(data), More: more}}})
}

// close sends a close.
func (r *rig) close(n uint64, code wire.CloseCode) *answer {
	r.Helper()
	return r.send(Send{N: n, Frames: []wire.Frame{{Kind: wire.Close, Code: code}}})
}

// ack sends an acknowledgement only.
func (r *rig) ack(n uint64) *answer {
	r.Helper()
	a := &answer{t: r, cancel: func() {}}
	if r.s.Enter() {
		defer r.s.Leave()
	}
	var e *wire.Error
	if err := r.s.Acknowledge(Ack{n, true}); err != nil && !errors.As(err, &e) {
		r.Errorf("acknowledge: %v", err)
	}
	a.set(Result{Err: e})
	return a
}

// target pushes whole text messages of the target.
func (r *rig) target(data ...string) {
	for _, f := range texts(data...) {
		r.s.OnMessage(f)
	}
}

// sink is a reader that is not attached yet.
func (r *rig) sink(limit int, outcome Outcome) *fakeSink {
	return &fakeSink{faults: r.u.faults, limit: limit, outcome: outcome}
}

// attach attaches the sink and wants it to be allowed.
func (r *rig) attach(k *fakeSink, ack Ack) *fakeSink {
	r.Helper()
	if _, err := r.s.Attach(k, ack); err != nil {
		r.Fatalf("attach: %v", err)
	}
	return k
}

// poll reads what waits.
func (r *rig) poll(ack Ack) *fakeSink { r.Helper(); return r.attach(r.sink(0, Done), ack) }

// after lets virtual time pass.
func (r *rig) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// gets wants the target to have got these messages.
func (r *rig) gets(want ...string) {
	r.Helper()
	if diff := cmp.Diff(append([]string{}, want...), r.u.texts()); diff != "" {
		r.Errorf("messages at the target (-want +got):\n%s", diff)
	}
}

// reads wants the sink to have taken these.
func (r *rig) reads(k *fakeSink, want ...string) {
	r.Helper()
	if diff := cmp.Diff(append([]string{}, want...), k.texts()); diff != "" {
		r.Errorf("taken by the reader (-want +got):\n%s", diff)
	}
}

// gone wants the sink to be detached for that reason.
func (r *rig) gone(k *fakeSink, want Why) {
	r.Helper()
	if told, why := k.detached(); !told || why != want {
		r.Errorf("detached %v for reason %d, want reason %d", told, why, want)
	}
}

func (a *answer) set(result Result) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	a.result = result
}

func (a *answer) get() (calls int, result Result) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls, a.result
}

// waits wants no answer yet.
func (a *answer) waits() {
	a.t.Helper()
	if calls, result := a.get(); calls != 0 {
		a.t.Errorf("answered early, with %v", result)
	}
}

// is wants one answer, a good one that says n.
func (a *answer) is(n uint64) {
	a.t.Helper()
	if calls, result := a.get(); calls != 1 || result.Err != nil || result.N != n {
		a.t.Errorf("%d answers, the last %d %v; want one that says %d", calls, result.N, result.Err, n)
	}
}

// fails wants one answer, with that error.
func (a *answer) fails(code wire.ErrorCode) {
	a.t.Helper()
	if calls, result := a.get(); calls != 1 || codeOf(result.Err) != code {
		a.t.Errorf("%d answers, the last %d %v; want one that says %s", calls, result.N, result.Err, code)
	}
}

// given is an acknowledgement up to n; none is a read's without one.
func given(n uint64) Ack { return Ack{n, true} }

var none = Ack{}

func texts(data ...string) []wire.Frame {
	frames := make([]wire.Frame, len(data))
	for i, d := range data {
		frames[i] = wire.Frame{Kind: wire.Text, Data: []byte(d)}
	}
	return frames
}

// show is the frame's data, or of a close its code and reason.
func show(f wire.Frame) string {
	if f.Kind == wire.Close {
		return fmt.Sprintf("close %d %s", f.Code, f.Data)
	}
	return string(f.Data)
}

// codeOf is the error's code; empty: none.
func codeOf(err error) wire.ErrorCode {
	if e, ok := err.(*wire.Error); ok && e != nil {
		return e.Code
	}
	return ""
}
