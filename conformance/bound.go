package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/polysocket/polysocket/conformance/target"
)

var boundRules = []rule{
	on("bound.down", "backpressure", testBackpressure),
	on("bound.down", "unacknowledged counts", testUnacknowledged),
	every("bound.down", "room for one", testRoomForOne),
	every("bound.message", "1009", testDownLimit),
	every("bound.utf8", "1007", testDownUTF8),
	on("bound.close", "1006", testCloseTimeout, short("close timeout", closeTimeout)),
}

// kernel is what two TCP buffers may hold, at most, of what a relay does not read.
const kernel = 40 << 20

const block = 32 << 10

func numbered(i int) []byte {
	return target.Text(fmt.Sprintf("%06d", i) + strings.Repeat("x", block-6))
}

// read reads with a until every message of a flood has come, in order.
func (s *socket) read(count int) {
	s.t.Helper()
	for next := 0; next < count; {
		ans := s.poll(a(next), "ttl=5000").do().is(200).at(int64(next + 1))
		for _, m := range ans.messages() {
			if want := fmt.Sprintf("text %06d", next); !strings.HasPrefix(m, want) || len(m) != len("text ")+block {
				s.t.Fatalf("%v\n  message %d: got %q", ans, next+1, clip(m))
			}
			next++
		}
	}
}

func testBackpressure(t *T) {
	s, c := t.pair(target.Options{})
	const count = (kernel + 20<<20) / block
	c.Flood(count, numbered)
	stopped := c.Settled(1500 * time.Millisecond)
	if max := (t.srv.BufferLimit + kernel) / block; stopped > max {
		t.Fatalf("bound.down: %d KiB were taken from the target that no one reads, want at most the bound and the kernel's buffers", stopped*block>>10)
	}
	// Then all comes, whole and in order, and the flood goes on.
	read := stopped + 20
	s.read(read)
	t.eventually("the flood goes on", func() bool { return c.Flooded() >= read })
	s.form("t=t", "d=unharmed").do().is(201)
	c.Saw("text unharmed")
}

// testUnacknowledged reads much without acknowledging: that must not make room.
func testUnacknowledged(t *T) {
	s, c := t.pair(target.Options{})
	const count = (kernel + 20<<20) / block
	c.Flood(count, numbered)
	stopped := c.Settled(1500 * time.Millisecond)
	var first []string
	for range 20 {
		ans := s.poll("a=0").do().is(200).at(1)
		if got := ans.messages(); first == nil {
			first = got
		} else if strings.Join(got, "") != strings.Join(first, "") {
			t.Fatalf("%v\n  want the same again", ans)
		}
	}
	if again := c.Settled(300 * time.Millisecond); again > stopped+2*(64<<10)/block {
		t.Errorf("bound.down: reads without acknowledging made the relay take %d KiB more", (again-stopped)*block>>10)
	}
	s.read(50)
}

func testRoomForOne(t *T) {
	s, c := t.pair(target.Options{})
	big := strings.Repeat("b", t.srv.MessageLimit)
	c.Text(big)
	s.expect("text " + big)
	c.Text("small")
	s.expect("text small")
	// At the bound pings wait with the rest.
	full := strings.Repeat("f", t.srv.BufferLimit)
	c.Text(full)
	s.poll(a(2), "ttl=20000").do().has("text " + full)
	c.Ping("behind")
	if _, ok := c.Pong(500 * time.Millisecond); ok {
		t.Error("bound.down: a ping was answered at the bound; want the relay to read nothing")
	}
	s.poll(a(3), "ttl=0").do().has("heartbeat")
	if got, ok := c.Pong(target.Patience); !ok || got != "behind" {
		t.Errorf("bound.down: the ping's answer after all was read: %q, %v", got, ok)
	}
}

func testDownLimit(t *T) {
	big := strings.Repeat("b", t.srv.MessageLimit)
	for what, frames := range map[string][]byte{
		"in one frame":  target.Text(big + "x"),
		"in fragments":  append(target.Part(target.OpBinary, false, big), target.Part(0, true, "x")...),
		"by its header": []byte("\x82\x7f\x00\x00\x7f\x00\x00\x00\x00\x00"),
	} {
		t.sub(what, func(t *T) {
			s, c := t.pair(target.Options{})
			c.Text("before")
			c.Flood(1, func(int) []byte { return frames }) // the relay may break off before it has them all
			if e := c.Next(); e.Kind != target.KindClose || e.Code != 1009 {
				t.Errorf("bound.message: the target saw %q, want close 1009", clip(e.String()))
			}
			ans := s.waiting(2).at(1)
			if got := ans.messages(); len(got) != 2 || got[0] != "text before" || !strings.HasPrefix(got[1], "close 1009") {
				t.Errorf("%v\n  want: close 1009", ans)
			}
		})
	}
}

func testDownUTF8(t *T) {
	for what, frames := range map[string][][]byte{
		"a wrong byte":                 {target.Text("a\xff")},
		"an end inside of a character": {target.Text("a\xc3")},
		"a surrogate over fragments":   {target.Part(1, false, "\xed"), target.Part(0, true, "\xa0\x80")},
		"an end in the last fragment":  {target.Part(1, false, "a"), target.Part(0, true, "\xe2\x82")},
		"a close's reason":             {target.Close(1000, "\xff")},
		"a continuation of nothing":    {target.Part(0, true, "x")},
	} {
		t.sub(what, func(t *T) {
			s, c := t.pair(target.Options{})
			c.Text("before")
			c.Raw(frames...)
			if e := c.Next(); e.Kind != target.KindClose || e.Code != 1007 && (e.Code != 1002 || !strings.HasPrefix(what, "a c")) {
				t.Errorf("bound.utf8: the target saw %q, want close 1007, or 1002", e)
			}
			s.failed("text before")
		})
	}
	s, c := t.pair(target.Options{})
	c.Raw(target.Part(1, false, "\xf0\x9f"), target.Part(0, false, ""), target.Part(0, true, "\x98\x80"))
	c.Raw(target.Part(2, false, "\xff"), target.Part(0, true, "\xc3"))
	s.expect("text 😀", "binary /8M=")
}

func testCloseTimeout(t *T) {
	for _, how := range []string{"n=1", "zzz="} {
		s, c := t.pair(target.Options{IgnoreClose: true})
		began := time.Now()
		s.form("t=c", "code=1000", how).do().is(201, 403)
		c.Saw("close 1000")
		s.expect("close 1006 unclean")
		if d := time.Since(began); d < t.srv.CloseTimeout*9/10 || d > t.srv.CloseTimeout+4*time.Second {
			t.Errorf("bound.close: 1006 came after %v, want %v", d, t.srv.CloseTimeout)
		}
		if !c.Ended(5 * time.Second) {
			t.Error("bound.close: the connection to the target outlives the socket")
		}
	}
}
