package session

import (
	"sync"
	"sync/atomic"

	"github.com/polysocket/polysocket/internal/wire"
)

// A fakeSink is a reader: it takes up to limit frames (0: all) of each Deliver
// and then says outcome. With Done it is like a poll, with More like a stream,
// with Full like a stream over a slow link.
type fakeSink struct {
	*faults
	limit   int
	outcome Outcome
	// each, where set, is called within Deliver with what is taken.
	each func(seq uint64, frames []wire.Frame)
	// left, where set, is called within Detached.
	left func(next uint64)
	// skips says that numbers may be left out, which were acknowledged elsewhere.
	skips bool
	// inside counts the Delivers of the session that are running.
	inside *atomic.Int32

	mu     sync.Mutex
	busy   bool
	first  uint64 // the number of the first frame taken; 0: none
	next   uint64 // the number after the last taken
	frames []wire.Frame
	told   int
	why    Why
	end    uint64 // what Detached said is next
}

func (k *fakeSink) Deliver(id string, seq uint64, frames []wire.Frame) (int, Outcome) {
	if k.inside != nil {
		if k.inside.Add(1) != 1 {
			k.add("two Delivers at once")
		}
		defer k.inside.Add(-1)
	}
	k.enter("Deliver")
	defer k.leave()
	taken := len(frames)
	if k.limit > 0 {
		taken = min(k.limit, taken)
	}
	k.mu.Lock()
	switch {
	case id != "id":
		k.add("Deliver for the socket %q", id)
	case len(frames) == 0:
		k.add("Deliver of nothing")
	case k.first == 0:
		k.first, k.next = seq, seq
	case seq < k.next || seq > k.next && !k.skips:
		k.add("Deliver of %d, expected %d", seq, k.next)
	}
	k.frames = append(k.frames, frames[:taken]...)
	k.next = seq + uint64(taken)
	k.mu.Unlock()
	if k.each != nil {
		k.each(seq, frames[:taken])
	}
	return taken, k.outcome
}

func (k *fakeSink) Detached(_ string, next uint64, why Why) {
	k.enter("Detached")
	defer k.leave()
	k.mu.Lock()
	k.told++
	k.why, k.end = why, next
	if k.first != 0 && (next < k.next || next > k.next && !k.skips) {
		k.add("Detached says %d is next, %d was taken", next, k.next-1)
	}
	k.mu.Unlock()
	if k.left != nil {
		k.left(next)
	}
}

// enter checks that no method is running, and that Detached was not called.
func (k *fakeSink) enter(method string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.busy {
		k.add("%s within another call", method)
	}
	if k.told > 0 {
		k.add("%s after Detached", method)
	}
	k.busy = true
}

func (k *fakeSink) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.busy = false
}

// texts are the frames taken: the data of messages, the code of a close.
func (k *fakeSink) texts() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	texts := []string{}
	for _, f := range k.frames {
		texts = append(texts, show(f))
	}
	return texts
}

// detached tells whether and why the session has let go of it.
func (k *fakeSink) detached() (bool, Why) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.told > 0, k.why
}
