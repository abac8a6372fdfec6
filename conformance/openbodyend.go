package conformance

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var openBodyEndRules = []rule{
	every("send.frames", "a fault in one that is open", testOpenBodyFault),
	every("send.frames", "cut", testOpenBodyCut),
	every("send.frames", "the socket ends", testOpenBodyEnded),
	on("send.frames", "a stall", testOpenBodyStall),
	on("up.answer", "a body that is open", testOpenBodyIdle, short("hold", hold)),
	on("up.answer", "progress", testUpAnswerProgress, short("hold", hold)),
}

// testOpenBodyFault: a fault is answered when it comes, and what follows it is not read as if nothing had been.
func testOpenBodyFault(t *T) {
	for what, bad := range map[string]string{
		"a reserved bit": "\xc1\x00", "UTF-8": run(target.Text("\xff")), "a length": "\x81\x7e\x00\x01x",
		"a close in a message": run(target.Part(target.OpText, false, "x"), target.Close(1000, "")),
		"too large":            "\x82\x7f\x00\x00\x00\x00\x7f\x00\x00\x00",
	} {
		t.sub(what, func(t *T) {
			t.Parallel()
			s, c := t.pair(target.Options{})
			status := 400
			if what == "too large" {
				status = 413
			}
			u := s.upload([]string{run(target.Text("one"), target.Text("two")) + bad, run(target.Text("never"))}, "n=1")
			u.next()
			c.Saw("text one", "text two")
			u.wait().is(status)
			s.raw(run(target.Text("one"), target.Text("two"), target.Text("three")), "t=f", "n=1").do().reached(3)
			c.Saw("text three")
		})
	}
}

// testOpenBodyCut breaks bodies off: what came whole was taken, and nothing of what did not.
func testOpenBodyCut(t *T) {
	long := run(target.Text(strings.Repeat("x", 70_000)))
	for what, piece := range map[string]string{
		"in a payload": run(target.Text("one"), target.Text("two")) + long[:60_000],
		"in a header":  run(target.Text("one"), target.Text("two")) + long[:5],
		"in a message": run(target.Text("one"), target.Text("two"), target.Part(target.OpText, false, "part")),
		"at an end":    run(target.Text("one"), target.Text("two")),
	} {
		for _, numbered := range []string{"n=1", "zzz="} {
			t.sub(what+" "+numbered, func(t *T) {
				t.Parallel()
				s, c := t.pair(target.Options{Parts: true})
				u := s.upload([]string{piece, long}, numbered).next()
				c.Saw("text one", "text two")
				u.cut()
				s.form("t=t", "d=three", "n=3").do().reached(3)
				c.Saw("text three")
				s.form("t=t", "d=four").do().is(201)
				c.Saw("text four")
			})
		}
	}
}

// testOpenBodyEnded: when the socket ends, a request whose body is open is answered, as one that is withheld is.
func testOpenBodyEnded(t *T) {
	for what, end := range map[string]func(*target.Conn){
		"the target closes":     func(c *target.Conn) { c.Close(1000, "") },
		"the connection breaks": func(c *target.Conn) { c.Drop() },
	} {
		for _, numbered := range []string{"n=1", "zzz="} {
			t.sub(what+" "+numbered, func(t *T) {
				t.Parallel()
				s, c := t.pair(target.Options{})
				u := s.upload([]string{run(target.Text("one")), run(target.Text("two"))}, numbered).next()
				c.Saw("text one")
				end(c)
				if a := u.wait().fails(403, "no_socket"); a.took > 12*time.Second {
					t.Errorf("%v\n  want: at once", a)
				}
			})
		}
	}
	// By the client's own close, which is not behind the body.
	s, c := t.pair(target.Options{})
	u := s.upload([]string{run(target.Text("one")), run(target.Text("two"))}).next()
	c.Saw("text one")
	s.form("t=c", "code=4000").do().is(201, 403)
	c.Saw("close 4000", "end")
	u.wait().is(400, 403)
}

// testOpenBodyStall: while the target does not keep up, a body is not read on; then all of it comes.
func testOpenBodyStall(t *T) {
	const size, count = 256 << 10, (kernel + 20<<20) / (256 << 10)
	s, c := t.pair(target.Options{Stalled: true})
	pieces := make([]string, count)
	piece := run(target.Binary([]byte(strings.Repeat("\x00", size))))
	for i := range pieces {
		pieces[i] = piece
	}
	u := s.upload(pieces)
	var sent atomic.Int64
	all := make(chan struct{})
	go func() {
		defer close(all)
		for range count {
			if _, err := u.w.Write([]byte(piece)); err != nil {
				return
			}
			sent.Add(1)
		}
	}()
	t.Cleanup(func() {
		u.cut()
		<-all
	})
	for last := int64(-1); sent.Load() > last; {
		last = sent.Load()
		u.withheld(1500 * time.Millisecond)
	}
	if sent.Load() == count {
		t.Fatalf("send.frames: %v\n  %d MiB were taken that the target does not read", u.ask, count*size>>20)
	}
	c.Resume()
	if err := drain(func() string { return c.Next().String() }, count, size); err != nil {
		t.Fatal(err)
	}
	<-all
	u.w.Close()
	u.wait().is(201)
}

// testOpenBodyIdle: the hold is for what waits to be passed on, and there is nothing that does.
func testOpenBodyIdle(t *T) {
	for _, numbered := range []string{"n=1", "zzz="} {
		t.sub(numbered, func(t *T) {
			t.Parallel()
			s, c := t.pair(target.Options{})
			u := s.upload([]string{run(target.Text("one")), run(target.Text("two"))}, numbered).next()
			c.Saw("text one")
			u.withheld(t.srv.Hold*2 + time.Second/2)
			u.next()
			c.Saw("text two")
			if a := u.end().is(201); numbered == "n=1" {
				a.reached(2)
			}
		})
	}
}

// testUpAnswerProgress: the hold begins anew with each message that is passed on.
func testUpAnswerProgress(t *T) {
	s, c := t.pair(target.Options{})
	var pieces []string
	for i := range 6 {
		pieces = append(pieces, run(target.Text(fmt.Sprint(i+2))))
	}
	u := s.upload(pieces, "n=2").next()
	u.withheld(t.srv.Hold / 2)
	s.form("t=t", "d=1", "n=1").do().is(201)
	c.Saw("text 1", "text 2")
	for i := range 5 {
		u.withheld(t.srv.Hold * 6 / 10)
		u.next()
		c.Saw(fmt.Sprint("text ", i+3))
	}
	u.end().reached(7)
	// And where nothing more of it is, it is answered, though its body is open.
	u = s.upload([]string{run(target.Text("9")), run(target.Text("10"))}, "n=9").next()
	u.wait().reached(7).afterHold()
	s.form("t=t", "d=8", "n=8").do().is(201)
	c.Saw("text 8", "text 9") // what was taken stays
}
