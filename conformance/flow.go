package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var flowRules = []rule{
	every("send.201", "body", testSend201),
	on("send.201", "withheld", testWithheld),
	on("send.201", "withheld until the end", testWithheldEnd),
}

func testSend201(t *T) {
	s, c := t.pair(target.Options{})
	for i, a := range []*ask{s.form("t=t", "d=0"), s.jsonp("t=t", "d=1"), s.raw("2", "t=t"), s.raw(run(target.Text("3")), "t=f")} {
		ans := a.do().is(201)
		if ans.body.OK == nil || !*ans.body.OK || ans.body.N != nil {
			t.Errorf("%v\n  want: ok true, and no n where none was asked", ans)
		}
		c.Saw(fmt.Sprint("text ", i))
	}
}

// testWithheld stalls the target: answers must stop, and come when it reads again.
func testWithheld(t *T) {
	const size = 128 << 10
	s, c := t.pair(target.Options{Stalled: true})
	n, stuck := s.fill(size)
	next := s.form("t=t", "d=next").start().withheld(500 * time.Millisecond)
	stuck.withheld(0)
	c.Resume()
	stuck.wait().is(201)
	next.wait().is(201)
	if err := drain(func() string { return c.Next().String() }, n+1, size); err != nil {
		t.Fatal(err)
	}
	c.Saw("text next")
	s.form("t=t", "d=flows").do().is(201)
	c.Saw("text flows")
}

// testWithheldEnd ends the socket while answers are withheld, from either side.
func testWithheldEnd(t *T) {
	for _, how := range []string{"the connection breaks", "the target closes"} {
		t.sub(how, func(t *T) {
			s, c := t.pair(target.Options{Stalled: true})
			_, stuck := s.fill(64 << 10)
			next := s.form("t=t", "d=next").start().held()
			if strings.HasSuffix(how, "closes") {
				// The relay can not answer this Close, so it may come to be a broken connection.
				c.Close(4000, "enough")
			} else {
				c.Drop()
			}
			got := s.waiting(1).messages()
			if len(got) != 1 || got[0] != "close 1006 unclean" && (got[0] != "close 4000 enough" || strings.HasSuffix(how, "breaks")) {
				t.Errorf("send.201: %s: the client got %q", how, got)
			}
			if a := next.wait().fails(403, "no_socket"); a.took > 10*time.Second && strings.HasSuffix(how, "breaks") {
				t.Errorf("%v\n  want: at once", a)
			}
			stuck.wait().fails(403, "no_socket")
			s.poll("a=0").do().has(got...)
		})
	}
}
