package session

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/polysocket/polysocket/internal/wire"
)

// A client that numbers and acknowledges: both ways are lossless, ordered and
// free of duplicates, whatever is lost, repeated or reordered on its way.
func TestPropertySequenced(t *testing.T) {
	property(t, true, false, func(w *world, actions map[string]func(*rapid.T)) {
		actions["send"], actions["send on"], actions["send more"] = w.sendNumbered, w.sendNumbered, w.sendNumbered
		actions["read"], actions["read on"] = w.attach, w.attach
	})
}

// A client that knows the base contract only: it does not number, and reads at
// most once.
func TestPropertyBase(t *testing.T) {
	property(t, false, true, func(w *world, actions map[string]func(*rapid.T)) {
		actions["send"], actions["send on"], actions["send more"] = w.sendNext, w.sendNext, w.sendNext
		actions["read"], actions["read on"] = w.attach, w.attach
	})
}

// property checks a client's world at random, and then that it comes to a good
// end.
func property(t *testing.T, numbered, once bool, add func(*world, map[string]func(*rapid.T))) {
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			w := newWorld(t)
			w.numbered, w.once = numbered, once
			actions := w.actions()
			add(w, actions)
			t.Repeat(actions)
			if (w.state == open || w.state == closing && w.retired) && numbered && !w.broken {
				w.finish(t)
			}
			w.checkGone(t)
		})
	})
}

// finish does what a client and a target do that have all the time in the world:
// send again what was not answered, read to the end, close. Of a socket that the relay
// is closing only the reading is left.
func (w *world) finish(t *rapid.T) {
	w.full, w.kernel, w.space = false, w.next-1, -1
	w.passAll(false)
	w.u.drain(w.s, -1)
	w.check(t)
	for w.state == open && w.next <= uint64(len(w.script)) {
		w.send(t, Send{N: w.next, Frames: w.script[w.next-1 : w.next]})
		w.check(t)
	}
	if !w.retired {
		w.compareScript(t)
	}
	w.closeState(w.told(wire.CloseNormal))
	w.u.end(w.s, wire.CloseNormal, "")
	for w.got < uint64(len(w.all)) {
		k := &fakeSink{faults: w.faults, limit: 2, outcome: Done}
		r := &reading{fakeSink: k, keep: 2}
		k.each = func(seq uint64, frames []wire.Frame) { w.receive(r, seq, frames) }
		ack := given(w.got)
		if w.takeAck(ack) != "" {
			t.Fatal("the end came early")
		}
		if w.reader != nil {
			w.reader.want = Superseded
		}
		r.next = w.acked + 1
		w.reader = r
		w.readings = append(w.readings, r)
		w.read()
		if _, err := w.s.Attach(k, ack); err != nil {
			t.Fatal(err)
		}
		w.check(t)
	}
	if diff := cmp.Diff(shape(w.all), shape(w.received)); diff != "" {
		t.Fatalf("at the client (-want +got):\n%s", diff)
	}
	if _, err := w.s.Attach(&fakeSink{}, given(w.got)); codeOf(err) != wire.NoSocket {
		t.Fatalf("the read that acknowledges the close: %v", err)
	}
	w.endState()
	w.check(t)
}

// compareScript wants all that the client has sent to be at the target.
func (w *world) compareScript(t *rapid.T) {
	script := w.script
	if w.own != 0 {
		script = script[:w.own-1]
	}
	messages := joined(script)
	if n := len(script); n > 0 && script[n-1].More {
		messages = messages[:len(messages)-1] // cut off by the close
	}
	if diff := cmp.Diff(shape(messages), shape(w.u.messages)); diff != "" {
		t.Fatalf("at the target (-want +got):\n%s", diff)
	}
}
