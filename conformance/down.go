package conformance

import (
	"fmt"

	"github.com/polysocket/polysocket/conformance/target"
)

var downRules = []rule{
	every("down.ack", "kept until acknowledged", testAck),
	every("down.ack", "on /s", testAckOnSend),
	every("down.seq", "numbers", testSeq),
	every("down.ack-range", "lower and beyond", testAckRange),
	every("down.at-most-once", "without a", testAtMostOnce),
}

func a(i int) string { return fmt.Sprint("a=", i) }

func testAck(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one", "two", "three")
	all := []string{"text one", "text two", "text three"}
	s.waiting(3).has(all...).at(1)
	s.poll("a=0").do().has(all...).at(1)
	s.poll("a=0", "cb=f").do().has(all...).at(1) // any transport
	s.poll("a=1").do().has(all[1:]...).at(2)
	s.poll("a=1").do().has(all[1:]...).at(2)
	s.poll("a=3", "ttl=0").do().has("heartbeat").at(4)
	c.Text("four")
	s.seen = 3
	s.expect("text four")
}

func testAckOnSend(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one", "two", "three", "four", "five")
	s.waiting(5)
	// With data, and alone, in each form.
	s.form("t=t", "d=x", "a=1").do().is(201)
	s.poll("a=0").do().has("text two", "text three", "text four", "text five").at(2)
	ack := s.form("a=2").do().is(201)
	if ack.body.OK == nil || !*ack.body.OK {
		t.Errorf("%v\n  want: ok", ack)
	}
	s.poll("a=0").do().has("text three", "text four", "text five").at(3)
	s.jsonp("a=3").do().is(201)
	s.poll("a=0").do().has("text four", "text five").at(4)
	s.t.post(s.path("s"), "a=4").to(s.host).do().is(201)
	s.poll("a=0").do().has("text five").at(5)
	// A send that fails acknowledges or does not; nothing is lost that was not named.
	s.raw("x", "t=t", "a=4", "n=x").do().fails(400, "bad_request")
	s.poll("a=4").do().has("text five").at(5)
	// Neither t nor a is nothing to do.
	s.form().do().fails(400, "bad_request")
	s.form("zzz=1").do().fails(400, "bad_request")
	s.raw("", "t=t", "n=2", "a=5").do().reached(2)
	s.poll("a=0", "ttl=0").do().has("heartbeat").at(6)
	c.Saw("text x", "text ")
}

func testSeq(t *T) {
	s, c := t.pair(target.Options{})
	s.poll("a=0", "ttl=0").do().has("heartbeat").at(1) // of the next to come
	s.poll("a=0", "ttl=0").do().has("heartbeat").at(1) // heartbeats have no number
	if got := s.poll("ttl=0").do().has("heartbeat"); got.body.Seq != nil {
		t.Errorf("%v\n  want: seq only with a", got)
	}
	c.Text("one")
	s.poll("a=0").do().has("text one").at(1)
	s.poll("a=1", "ttl=0").do().has("heartbeat").at(2)
	c.Raw(target.Part(1, false, "t"), control(target.OpPing, ""), target.Part(0, true, "wo")) // one message, one number
	s.poll("a=1").do().has("text two").at(2)
	c.Close(4000, "last")
	s.poll("a=2").do().has("close 4000 last").at(3)
	s.poll("a=2").do().has("close 4000 last").at(3)
	s.poll("a=3").do().fails(403, "no_socket")

	// A superseded read has no messages: its seq is of the next to come.
	s, _ = t.pair(target.Options{})
	first := s.poll("a=0", "ttl=30000").start().held()
	s.poll("a=0", "ttl=0").do().has("heartbeat").at(1)
	first.wait().has().at(1)
}

func testAckRange(t *T) {
	s, c := t.pair(target.Options{})
	s.poll("a=1", "ttl=0").do().fails(400, "bad_request").names("a")
	s.form("a=1").do().fails(400, "bad_request").names("a")
	s.form("t=t", "d=never", "a=1").do().fails(400, "bad_request").names("a")
	c.Text("one", "two", "three")
	s.waiting(3)
	s.poll("a=4", "ttl=0").do().fails(400, "bad_request").names("a")
	s.form("a=4").do().fails(400, "bad_request")
	s.form("t=t", "d=never", "a=4").do().fails(400, "bad_request")
	s.poll("a=2").do().has("text three").at(3)
	s.poll("a=0").do().has("text three").at(3) // a lower a changes nothing
	s.form("a=1").do().is(201)
	s.poll("a=1").do().has("text three").at(3)
	s.poll("a=3", "ttl=0").do().has("heartbeat").at(4)
	s.poll("a=2", "ttl=0").do().has("heartbeat").at(4)
	s.form("t=t", "d=first", "n=1").do().reached(1)
	c.Saw("text first") // what was answered 400 was not taken
}

func testAtMostOnce(t *T) {
	s, c := t.pair(target.Options{})
	c.Text("one", "two")
	s.waiting(2)
	s.poll("a=1").do().has("text two").at(2)
	s.poll().do().has("text two") // first what is unacknowledged
	s.poll("ttl=0").do().has("heartbeat")
	s.poll("a=0", "ttl=0").do().has("heartbeat").at(3) // what was written counts as acknowledged
	c.Text("three", "four", "five")
	s.t.eventually("three more", func() bool { return len(s.poll("a=2", "ttl=100").do().messages()) == 3 })
	s.poll("max=0").do().has("text three")
	s.poll("a=0", "max=0").do().has("text four").at(4)
	s.poll("max=0").do().has("text four")
	s.poll("a=4").do().has("text five").at(5)
	c.Close(1000, "")
	s.t.eventually("the close", func() bool { return len(s.poll("a=4", "ttl=100").do().messages()) == 2 })
	s.poll().do().has("text five", "close 1000")
	s.poll("a=6").do().fails(403, "no_socket")
}
