package conformance

import (
	"fmt"
	"strings"
	"time"
)

// expect reads, acknowledging, until as many messages as wanted have come, and fails the test unless they are these, in
// this order, numbered on from what expect has read before.
func (s *socket) expect(want ...string) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for i := 0; i < len(want); {
		a := s.poll(fmt.Sprint("a=", s.seen), "ttl=2000").do().is(200)
		got := a.messages()
		if len(got) == 1 && got[0] == "heartbeat" {
			if time.Now().After(deadline) {
				s.t.Fatalf("%v\n  after %q nothing came within %v, want %q", a, clips(want[:i]), patience, clip(want[i]))
			}
			continue
		}
		a.at(s.seen + 1)
		for _, m := range got {
			if i == len(want) {
				s.t.Fatalf("%v\n  after %q came %q, want no more", a, clips(want), clip(m))
			}
			if m != want[i] {
				s.t.Fatalf("%v\n  after %q came %q, want %q", a, clips(want[:i]), clip(m), clip(want[i]))
			}
			i++
			s.seen++
		}
	}
}

// failed expects one message and then a 1006 with a reason: the relay has failed the connection.
func (s *socket) failed(before string) {
	s.t.Helper()
	a := s.waiting(2).at(1)
	got := a.messages()
	reason, ok := strings.CutPrefix(got[1], "close 1006 ")
	if len(got) != 2 || got[0] != before || !ok || reason == "unclean" || !strings.HasSuffix(reason, " unclean") {
		s.t.Errorf("%v\n  want: %q, and a close 1006 with a reason", a, before)
	}
}

// waiting reads without acknowledging until count messages wait, and returns the last answer. They must fit in one.
func (s *socket) waiting(count int) *answer {
	s.t.Helper()
	var a *answer
	s.t.eventually(fmt.Sprintf("%d messages at /j", count), func() bool {
		a = s.poll("a=0", "ttl=50").do().is(200)
		m := a.messages()
		return len(m) >= count && m[0] != "heartbeat"
	})
	return a
}

// fill sends binary messages of size, unnumbered, until one is withheld because the target does not read. It returns
// how many were answered, and the withheld one.
func (s *socket) fill(size int) (int, *pending) {
	s.t.Helper()
	block := strings.Repeat("\x00", size)
	for n := 0; n < 64<<20/size; n++ {
		p := s.raw(block, "t=b").start()
		a := p.within(time.Second)
		for i := 0; a == nil && i < 4; i++ { // a slow machine is not a stall
			s.t.get("/relay", "host=x").do().is(200)
			a = p.within(250 * time.Millisecond)
		}
		if a == nil {
			return n, p
		}
		a.is(201)
	}
	s.t.Fatal("send.201: 64 MiB were taken that the target does not read")
	return 0, nil
}

// drain lets the target see n binary messages of size.
func drain(see func() string, n, size int) error {
	for i := range n {
		if got := see(); len(got) != len("binary ")+size {
			return fmt.Errorf("message %d of the filling: saw %q of %d bytes", i+1, clip(got), len(got))
		}
	}
	return nil
}
