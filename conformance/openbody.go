package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var openBodyRules = []rule{
	every("send.frames", "kept open", testOpenBody),
	every("send.frames", "kept open, with n", testOpenBodyNumbered, ample("hold", hold)),
	on("send.frames", "byte by byte", testOpenBodyBytes),
	every("send.frames", "beside other requests", testOpenBodyBeside),
	every("send.frames", "much", testMuchInABody),
}

func testOpenBody(t *T) {
	s, c := t.pair(target.Options{})
	two, three := run(masked(target.OpText, "two")), run(target.Part(target.OpBinary, false, "th"), target.Part(0, true, "ree"))
	u := s.upload([]string{
		run(target.Text("one")), two[:3], two[3:], run(control(target.OpPing, "ping")) + three[:5], three[5:] + run(target.Text("four")) + "\x81", "\x00", run(control(target.OpPong, "")),
	})
	u.next()
	c.Saw("text one")
	u.next() // a part of a frame
	c.Quiet(50 * time.Millisecond)
	u.next()
	c.Saw("text two")
	u.next() // a fragment
	c.Quiet(50 * time.Millisecond)
	u.next()
	c.Saw("binary three", "text four")
	u.next()
	c.Saw("text ")
	u.withheld(100 * time.Millisecond)
	if a := u.end().is(201); a.body.N != nil {
		t.Errorf("%v\n  want: no n, as none was asked", a)
	}
	s.form("t=t", "d=after", "n=6").do().reached(6)
	c.Saw("text after")
}

func testOpenBodyNumbered(t *T) {
	s, c := t.pair(target.Options{})
	// What comes before its first message's number is held, and the rest follows as it comes.
	u := s.upload([]string{run(target.Text("two")), run(target.Text("three"), target.Text("four")), run(target.Text("five"))}, "n=2")
	u.next()
	c.Quiet(100 * time.Millisecond)
	s.form("t=t", "d=one", "n=1").do().is(201)
	c.Saw("text one", "text two")
	u.next()
	c.Saw("text three", "text four")
	u.withheld(100 * time.Millisecond)
	s.form("t=t", "d=repeat", "n=3").do().reached(4)
	u.next()
	c.Saw("text five")
	u.end().reached(5)
	// One that is sent again, with more.
	u = s.upload([]string{run(target.Text("four"), target.Text("five"), target.Text("six")), run(target.Close(4000, "seven"))}, "n=4")
	u.next()
	c.Saw("text six")
	u.next()
	c.Saw("close 4000 seven")
	u.end().is(201, 403)
}

func testOpenBodyBytes(t *T) {
	s, c := t.pair(target.Options{})
	body := run(
		target.Part(target.OpText, false, "é"), control(target.OpPing, "ping"), target.Part(0, false, ""), masked(0, "€"),
		target.Binary([]byte(strings.Repeat("b", 130))), masked(target.OpText, "last"),
	)
	u := s.upload(strings.Split(body, ""), "n=1")
	for len(u.pieces) > 0 {
		u.next()
	}
	c.Saw("text é€", "binary "+strings.Repeat("b", 130), "text last")
	u.end().reached(3)
}

// testOpenBodyBeside: a body that is open holds up no one, not with the beginning of a message either.
func testOpenBodyBeside(t *T) {
	s, c := t.pair(target.Options{})
	whole := run(target.Part(target.OpText, false, "in "), target.Part(0, true, "parts"))
	u := s.upload([]string{run(target.Text("first")) + whole[:7], whole[7:], run(target.Text("fourth"))})
	other := s.upload([]string{run(target.Text("other"))})
	u.next()
	c.Saw("text first")
	s.form("t=t", "d=between").do().is(201)
	s.raw(run(target.Text("and"), target.Text("more")), "t=f").do().is(201)
	c.Saw("text between", "text and", "text more")
	other.next()
	c.Saw("text other")
	u.next()
	c.Saw("text in parts")
	other.end().is(201)
	s.poll("ttl=0").do().has("heartbeat")
	u.end().is(201)
	c.Saw("text fourth")
	s.form("t=t", "d=eight", "n=8").do().reached(8)
	c.Saw("text eight")
}

// testMuchInABody: a body has no limit, of bytes or of messages, and is read as the window moves on.
func testMuchInABody(t *T) {
	const count, size = 3000, 48 << 10
	var tiny, big strings.Builder
	for i := range count {
		tiny.Write(target.Text(fmt.Sprint(i)))
	}
	block := strings.Repeat("x", size)
	for range 100 {
		big.Write(target.Text(block))
	}
	for _, numbered := range []bool{true, false} {
		s, c := t.pair(target.Options{})
		send := func(body string, first, last int) {
			t.Helper()
			kv := []string{"t=f"}
			if numbered {
				kv = append(kv, n(first))
			}
			p := s.raw(body, kv...).start()
			for i := first; i <= last; i++ {
				want := block
				if body == tiny.String() {
					want = fmt.Sprint(i - first)
				}
				c.Saw("text " + want)
			}
			a := p.wait().is(201)
			if numbered {
				a.reached(int64(last))
			} else if a.body.N != nil {
				t.Errorf("%v\n  want: no n, as none was asked", a)
			}
		}
		send(tiny.String(), 1, count)
		send(big.String(), count+1, count+100)
		// All of it again is nothing new; and so the next has the next number.
		s.raw(tiny.String(), "t=f", "n=1").do().reached(count + 100)
		s.form("t=t", "d=last", n(count+101)).do().reached(count + 101)
		c.Saw("text last")
	}
}
