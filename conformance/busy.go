package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/conformance/target"
)

var busyRules = []rule{
	on("send.busy", "64 requests", testBusyCount),
	on("send.busy", "four of the limit", testBusyBytes),
	on("send.busy", "50 s", testBusyTime, long),
}

func (a *answer) busy() *answer {
	a.t.Helper()
	if a.fails(503, "busy"); a.header.Get("Retry-After") == "" {
		a.t.Errorf("%v\n  want: Retry-After", a)
	}
	return a
}

// crowd sends count messages of size, all at once, at a target that reads nothing, and returns which wait and how many
// were refused as busy.
func (s *socket) crowd(count, size int) (waiting []*pending, refused int) {
	s.t.Helper()
	var all []*pending
	for i := range count {
		all = append(all, s.raw(fmt.Sprintf("%03d", i)+strings.Repeat("x", size-3), "t=t").start())
	}
	s.t.pass(time.Second)
	for range 10 { // a slow machine has not answered yet
		s.t.get("/relay", "host=x").do().is(200)
	}
	for _, p := range all {
		if a := p.within(50 * time.Millisecond); a != nil {
			a.busy()
			refused++
			continue
		}
		waiting = append(waiting, p)
	}
	return waiting, refused
}

// released resumes the target: exactly those that waited must reach it.
func (s *socket) released(c *target.Conn, filled, size int, waiting []*pending) {
	s.t.Helper()
	c.Resume()
	if err := drain(func() string { return c.Next().String() }, filled+1, size); err != nil {
		s.t.Fatal(err)
	}
	want, got := map[string]bool{}, map[string]bool{}
	for _, p := range waiting {
		p.wait().is(201)
		want[clip("text "+string(p.ask.body))] = true
		got[clip(c.Next().String())] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Fatalf("send.busy: what waits reaches the target, and what was refused does not (-waited +seen):\n%s", diff)
	}
	s.form("t=t", "d=flows").do().is(201)
	c.Saw("text flows")
}

func testBusyCount(t *T) {
	const size = 32 << 10
	s, c := t.pair(target.Options{Stalled: true})
	filled, stuck := s.fill(size)
	waiting, refused := s.crowd(66, 10)
	// One of the 64 is the filling's own.
	if len(waiting) < 62 || len(waiting) > 64 || refused == 0 {
		t.Errorf("send.busy: beside one that waits, %d of 66 small requests wait and %d are busy, want 63 and 3", len(waiting), refused)
	}
	stuck.withheld(0)
	s.released(c, filled, size, waiting)
	stuck.wait().is(201)
}

func testBusyBytes(t *T) {
	const size = 32 << 10
	s, c := t.pair(target.Options{Stalled: true})
	filled, stuck := s.fill(size)
	waiting, refused := s.crowd(10, t.srv.MessageLimit*6/10)
	// Whether the filling's own counts whole, in part or not at all is the server's matter.
	if len(waiting) < 5 || len(waiting) > 7 || refused == 0 {
		t.Errorf("send.busy: beside 32 KiB that wait, %d of 10 requests of 0.6 of the message limit wait and %d are busy, want about 4 limits of them", len(waiting), refused)
	}
	stuck.withheld(0)
	s.released(c, filled, size, waiting)
	stuck.wait().is(201)
}

// testBusyTime waits for the 50 s. What has begun to be written waits on; what has not is not taken.
func testBusyTime(t *T) {
	const size = 128 << 10
	s, c := t.pair(target.Options{Stalled: true})
	filled, stuck := s.fill(size)
	p := s.form("t=t", "d=given up").start()
	a := p.waitFor(90 * time.Second).busy()
	if a.took < 45*time.Second || a.took > 75*time.Second {
		t.Errorf("%v\n  want: after 50 s", a)
	}
	stuck.withheld(time.Second)
	c.Resume()
	stuck.wait().is(201)
	if err := drain(func() string { return c.Next().String() }, filled+1, size); err != nil {
		t.Fatal(err)
	}
	s.form("t=t", "d=next").do().is(201)
	c.Saw("text next")
}
