package session

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/wire"
)

// retire is the relay that goes.
func (r *rig) retire() { r.s.Retire(wire.CloseServiceRestart, "the relay is restarting") }

const restarting = "close 1012 the relay is restarting"

// What the target sends before its own Close comes down, and then the relay's code.
func TestRetire(t *testing.T) {
	for name, end := range map[string]struct {
		code   wire.CloseCode
		reason string
	}{
		"answered":                {wire.CloseGoingAway, ""},
		"answered in another way": {wire.CloseNoStatus, ""},
		"closed at the same time": {4000, "mine"},
		"never answered, or cut":  {wire.CloseAbnormal, ""},
	} {
		t.Run(name, func(t *testing.T) {
			example(t, Config{}, func(r *rig) {
				r.text(1, "up").is(1)
				r.target("a")
				k := r.attach(r.sink(0, More), given(0))
				r.retire()
				if code := r.u.code(); code != wire.CloseGoingAway || len(r.u.closed.Data) > 0 {
					t.Fatalf("the target is closed with %d %q", code, r.u.closed.Data)
				}
				r.reads(k, "a")
				r.target("b", "c")
				r.reads(k, "a", "b", "c")
				r.u.end(r.s, end.code, end.reason)
				r.reads(k, "a", "b", "c", restarting)
				r.gets("up")
				r.ack(4).fails(wire.NoSocket)
				noSocket(r)
			})
		})
	}
}

// A client that comes late finds all of it.
func TestRetireUnread(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		r.target("a")
		r.retire()
		r.target("b")
		r.after(9 * time.Second)
		r.u.end(r.s, wire.CloseGoingAway, "")
		for range 2 {
			r.reads(r.poll(given(0)), "a", "b", restarting)
		}
		r.after(time.Second) // since New without a request
		noSocket(r)
	})
}

// Nobody may read at all: then the grace period ends it, as ever.
func TestRetireGrace(t *testing.T) {
	example(t, Config{BufferLimit: 1}, func(r *rig) {
		r.target("a")
		r.retire()
		r.after(10 * time.Second)
		noSocket(r)
		if r.u.isPaused() {
			t.Error("the target's Close is not read")
		}
		r.u.end(r.s, wire.CloseGoingAway, "") // not heard
	})
}

// A client that does not read keeps the relay from reading, and so from seeing the
// target's Close. It loses nothing of what lies before that.
func TestRetirePaused(t *testing.T) {
	example(t, Config{BufferLimit: 1}, func(r *rig) {
		r.target("a")
		r.retire()
		if !r.u.isPaused() {
			t.Fatal("the bound is not kept")
		}
		r.reads(r.poll(given(0)), "a")
		k := r.poll(given(1))
		if r.u.isPaused() {
			t.Fatal("there is room, and the target is not read")
		}
		r.target("b")
		r.reads(k, "b")
		if !r.u.isPaused() {
			t.Error("the bound is not kept")
		}
		k = r.poll(given(2))
		r.u.end(r.s, wire.CloseGoingAway, "")
		r.reads(k, restarting)
	})
}

// What waits for its turn is answered like after any end; what has been passed on is
// answered by how far it has come.
func TestRetireSends(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		r.u.setRoom(1)
		r.u.allowForce(true)
		done := r.text(1, "kernel")
		done.is(1)
		passed, held, ahead, next := r.text(2, "passed"), r.text(3, "held"), r.text(5, "ahead"), r.text(0, "next")
		both := r.text(2, "passed", "held")
		closing := r.close(7, 3000)
		r.retire()
		for _, a := range []*answer{held, ahead, next, both, closing} {
			a.fails(wire.NoSocket)
		}
		passed.waits()
		r.u.drain(r.s, -1)
		passed.is(2)
		r.gets("kernel", "passed")
		for _, again := range []*answer{r.text(1, "kernel"), r.text(3, "held"), r.text(0, "next"), r.close(0, 3000), r.close(3, 3000)} {
			again.fails(wire.NoSocket)
		}
		r.gets("kernel", "passed")
		if r.u.code() != wire.CloseGoingAway {
			t.Errorf("the target is closed with %d", r.u.code())
		}
	})
	t.Run("and the target ends first", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.setRoom(0)
			r.u.allowForce(true)
			passed := r.text(1, "passed")
			r.retire()
			r.u.end(r.s, wire.CloseAbnormal, "")
			passed.fails(wire.NoSocket)
			r.reads(r.poll(given(0)), restarting)
		})
	})
	t.Run("and an upstream that breaks", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.broken = true
			r.retire()
			r.text(1, "a").fails(wire.NoSocket)
			r.u.end(r.s, wire.CloseAbnormal, "")
			r.reads(r.poll(given(0)), restarting)
		})
	})
}

// A message of which a part is missing stays so: its first parts were answered, and
// have reached the target.
func TestRetireParts(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		r.part(1, wire.Text, "a", true).is(1)
		later := r.part(3, wire.Text, "c", false)
		r.retire()
		later.fails(wire.NoSocket)
		r.part(2, wire.Text, "b", true).fails(wire.NoSocket)
		r.part(0, wire.Text, "b", true).fails(wire.NoSocket)
		if got := string(r.u.partial.Data); got != "a" || len(r.u.messages) > 0 {
			t.Errorf("the target has %q, and whole %v", got, r.u.texts())
		}
	})
}

// A send that acknowledges does so all the same (end.send).
func TestRetireAck(t *testing.T) {
	example(t, Config{BufferLimit: 1}, func(r *rig) {
		r.target("a")
		r.poll(given(0))
		r.retire()
		r.send(Send{N: 1, Frames: texts("x"), Whole: true, Ack: given(1)}).fails(wire.NoSocket)
		if r.u.isPaused() {
			t.Error("it was not acknowledged")
		}
		r.ack(1).is(0)
	})
}

// Who watches is told, and whether a message can be sent.
func TestRetireWatched(t *testing.T) {
	example(t, Config{}, func(r *rig) {
		told := 0
		defer r.s.Watch(func() { told++ })()
		r.text(1, "a").is(1)
		r.retire()
		if told != 1 {
			t.Errorf("told %d times", told)
		}
		for _, n := range []uint64{0, 1, 2} {
			if err := r.s.Closed(n); codeOf(err) != wire.NoSocket {
				t.Errorf("%d: %v", n, err)
			}
		}
		late := 0
		defer r.s.Watch(func() { late++ })()
		if late != 1 {
			t.Errorf("one who came late was told %d times", late)
		}
	})
}

// Whatever ends already ends as it would have.
func TestRetireLate(t *testing.T) {
	t.Run("the client has closed", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.close(1, 3000).is(1)
			r.retire()
			r.close(1, 3000).is(1) // again
			r.text(2, "a").fails(wire.BadRequest)
			r.u.end(r.s, 3000, "bye")
			r.reads(r.poll(given(0)), "close 3000 bye")
		})
	})
	t.Run("the target has closed", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.u.end(r.s, 4000, "mine")
			r.retire()
			r.reads(r.poll(given(0)), "close 4000 mine")
		})
	})
	t.Run("it has ended", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.s.Drop()
			r.retire()
			noSocket(r)
		})
	})
	t.Run("twice", func(t *testing.T) {
		example(t, Config{}, func(r *rig) {
			r.retire()
			r.s.Retire(3000, "again")
			r.u.end(r.s, wire.CloseGoingAway, "")
			r.reads(r.poll(given(0)), restarting)
		})
	})
	t.Run("the relay cannot wait any more", func(t *testing.T) {
		example(t, Config{BufferLimit: 1}, func(r *rig) {
			r.target("a")
			r.retire()
			r.s.Shut(wire.CloseGoingAway, "now")
			if r.u.isPaused() {
				t.Error("the target's Close is not read")
			}
			r.u.end(r.s, wire.CloseGoingAway, "") // not heard
			r.reads(r.poll(given(0)), "a", "close 1001 now")
		})
	})
}

// Many send and the target sends, while the relay goes: what was answered is at the
// target, and what the target has sent is at the client, and then the close.
func TestRetireUnderway(t *testing.T) {
	for range 20 {
		config := Config{}.WithDefaults()
		u := &fakeUpstream{faults: &faults{}, room: -1}
		s := New("id", u, &config, func() {})
		s.Enter()
		k := &fakeSink{faults: u.faults, outcome: More}
		if _, err := s.Attach(k, given(0)); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		var answered []string
		under := make(chan struct{})
		var begun atomic.Int32
		for i := range 4 {
			all.Go(func() {
				for n := 0; ; n++ {
					data := fmt.Sprint(i, " ", n)
					done := make(chan Result, 1)
					s.Accept(Send{Frames: texts(data), Whole: true}, func(r Result) { done <- r })
					if r := <-done; r.Err != nil {
						if codeOf(r.Err) != wire.NoSocket {
							t.Error(r.Err)
						}
						return
					}
					mu.Lock()
					answered = append(answered, data)
					mu.Unlock()
					if begun.Add(1) == 100 {
						close(under)
					}
				}
			})
		}
		pushed := []string{}
		all.Go(func() {
			for after := 0; after < 10; {
				if u.code() != 0 {
					after++
				}
				data := fmt.Sprint(len(pushed))
				s.OnMessage(wire.Frame{Kind: wire.Text, Data: []byte(data)})
				pushed = append(pushed, data)
				if err := s.Acknowledge(given(uint64(len(pushed)))); err != nil { // so that it never pauses
					t.Error(err)
				}
			}
			u.end(s, wire.CloseGoingAway, "")
		})
		<-under
		s.Retire(wire.CloseServiceRestart, "the relay is restarting")
		all.Wait()
		got := u.texts()
		slices.Sort(got)
		for _, data := range answered {
			if _, there := slices.BinarySearch(got, data); !there {
				t.Errorf("%q was answered, and is not at the target", data)
			}
		}
		if diff := cmp.Diff(append(pushed, restarting), k.texts()); diff != "" {
			t.Errorf("at the client (-want +got):\n%s", diff)
		}
		s.Drop()
		s.Leave()
		for _, fault := range u.get() {
			t.Error(fault)
		}
	}
}
