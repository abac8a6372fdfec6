package conformance

import (
	"fmt"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var readerRules = []rule{
	every("poll.superseded", "the newer wins", testSuperseded),
	every("poll.superseded", "not by an error", testNotSuperseded),
	every("poll.detached", "one after the other", testDetached),
}

func testSuperseded(t *T) {
	s, c := t.pair(target.Options{})
	first := s.poll("a=0", "ttl=30000").start().held()
	second := s.poll("a=0", "ttl=30000").start()
	if a := first.wait().has(); a.took > 12*time.Second {
		t.Errorf("%v\n  want: at once when the newer came", a)
	}
	third := s.poll("ttl=30000", "cb=f").start().held()
	second.wait().has()
	fourth := s.poll("a=0", "ttl=30000").start().held()
	if a := third.wait().has(); a.cb != "f" {
		t.Errorf("%v\n  want: JSONP", a)
	}
	c.Text("for the last")
	fourth.wait().has("text for the last").at(1)
}

func testNotSuperseded(t *T) {
	s, c := t.pair(target.Options{})
	s.poll("ttl=0").from(t.srv.GoodOrigin).do().is(200) // binds the socket's origin
	p := s.poll("a=0", "ttl=30000").start().held()
	s.poll("ttl=x").do().fails(400, "bad_request")
	s.poll("a=7").do().fails(400, "bad_request")
	s.poll("cb=").do().fails(400, "bad_request")
	s.poll("ttl=0", "ttl=0").do().fails(400, "bad_request")
	s.poll("ttl=0").from("https://another.example").do().fails(403, "no_socket")
	s.poll("ttl=0").claiming("other.example").do().is(421)
	s.t.request("HEAD", s.path("j")).to(s.host).do().is(405)
	p.held()
	c.Text("still here")
	p.wait().has("text still here")
}

// testDetached reads as fast as it can. An answer without messages would be one that was superseded: by a reader that the
// relay took for a second one.
func testDetached(t *T) {
	s, c := t.pair(target.Options{})
	const count = 60
	c.Flood(count, func(i int) []byte { return target.Text(fmt.Sprint(i)) })
	next := 0
	for i := 0; next < count || i < 2*count; i++ {
		if i > 50*count {
			t.Fatalf("poll.detached: %d of %d messages after %d reads", next, count, i)
		}
		a := s.poll("max=0", fmt.Sprint("ttl=", i%2)).do().is(200)
		got := a.messages()
		if len(got) != 1 {
			t.Fatalf("%v\n  want: one message or heartbeat; read %d was not detached when the next came", a, i)
		}
		if got[0] == "heartbeat" {
			continue
		}
		if want := fmt.Sprint("text ", next); got[0] != want {
			t.Fatalf("%v\n  want: %s", a, want)
		}
		next++
	}
}
