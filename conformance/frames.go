package conformance

import (
	"strings"

	"github.com/polysocket/polysocket/conformance/target"
)

var frameRules = []rule{
	every("send.frames", "messages", testFrames),
	on("send.frames", "fragments", testFrameFragments),
	on("send.frames", "malformed", testFramesMalformed),
	on("send.frames", "close", testFramesClose),
}

// run joins frames to a body.
func run(frames ...[]byte) string {
	var b strings.Builder
	for _, f := range frames {
		b.Write(f)
	}
	return b.String()
}

func masked(op byte, s string) []byte {
	return target.Frame{Fin: true, Opcode: op, Masked: true, Mask: [4]byte{1, 2, 0xfe, 0}, Payload: []byte(s)}.Append(nil)
}

func control(op byte, s string) []byte {
	return target.Frame{Fin: true, Opcode: op, Payload: []byte(s)}.Append(nil)
}

func testFrames(t *T) {
	s, c := t.pair(target.Options{})
	long := strings.Repeat("l", 70_000)
	s.raw(run(
		target.Text("one"), masked(target.OpText, "two"), target.Binary([]byte{0, 255}), target.Text(""),
		control(target.OpPing, "ping"), masked(target.OpPong, ""), masked(target.OpBinary, strings.Repeat("m", 125)),
		target.Text(strings.Repeat("n", 126)), masked(target.OpText, long),
	), "t=f").do().is(201)
	c.Saw("text one", "text two", "binary \x00\xff", "text ", "binary "+strings.Repeat("m", 125), "text "+strings.Repeat("n", 126), "text "+long)
	s.raw(run(control(target.OpPing, "only")), "t=f").do().is(201)
	s.raw(run(target.Text("after")), "t=f").as("", run(target.Text("after"))).do().is(201)
	c.Saw("text after")
	if _, ok := c.Pong(0); ok {
		t.Error("send.frames: a pong of the body came to the target")
	}
}

func testFrameFragments(t *T) {
	s, c := t.pair(target.Options{})
	s.raw(run(
		target.Part(target.OpText, false, "a \xc3"), control(target.OpPing, "between"), target.Part(0, false, "\xa9"),
		target.Part(0, false, ""), masked(0, " b"), target.Part(target.OpBinary, false, ""), target.Part(0, true, "\x01"),
	), "t=f", "n=1").do().reached(2)
	c.Saw("text a é b", "binary \x01")
	s.form("t=t", "d=third", "n=3").do().reached(3)
	c.Saw("text third")
}

func testFramesMalformed(t *T) {
	s, c := t.pair(target.Options{})
	last := 0
	good := target.Text("good")
	unfinished := target.Part(target.OpText, false, "part")
	long := strings.Repeat("x", 126)
	for what, bad := range map[string]string{
		"a reserved bit":                  run(target.Frame{Fin: true, RSV: 0x40, Opcode: 1, Payload: []byte("x")}.Append(nil)),
		"another reserved bit":            run(target.Frame{Fin: true, RSV: 0x10, Opcode: 2}.Append(nil)),
		"a reserved opcode":               "\x83\x00",
		"a reserved control opcode":       "\x8b\x00",
		"a fragment of a ping":            "\x09\x00",
		"a fragment of a close":           "\x08\x00",
		"a long ping":                     run(control(target.OpPing, long)),
		"a length of 125 in 16 bits":      "\x81\x7e\x00\x7d" + long[:125],
		"a length of 5 in 64 bits":        "\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x05hello",
		"a length of 65535 in 64 bits":    "\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff" + strings.Repeat("x", 65535),
		"a length with its top bit set":   "\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x01x",
		"a message unfinished":            run(unfinished),
		"a message unfinished, then ping": run(unfinished, control(target.OpPing, "")),
		"a new message in an unfinished":  run(unfinished, good),
		"a continuation of nothing":       run(target.Part(0, true, "x")),
		"a frame cut in its header":       "\x81",
		"a frame cut in its length":       "\x81\x7e\x00",
		"a frame cut in its mask":         "\x81\x81\x00\x00",
		"a frame cut in its payload":      "\x81\x05hell",
		"invalid UTF-8":                   run(target.Text("\xff")),
		"invalid UTF-8 over fragments":    run(target.Part(1, false, "\xc3"), target.Part(0, true, "x")),
		"UTF-8 that ends too soon":        run(target.Part(1, false, "x"), target.Part(0, true, "\xc3")),
		"a close in an unfinished":        run(unfinished, target.Close(1000, "")),
	} {
		if a := s.raw(bad, "t=f").do().is(400); a.body.Code != "bad_request" {
			t.Errorf("%v\n  want: bad_request for %s", a, what)
		}
		// What stands before it was taken, and nothing from there on.
		if !strings.Contains(what, " cut ") { // more would make it whole
			bad += run(good)
		}
		s.raw(run(good)+bad, "t=f").do().fails(400, "bad_request")
		s.raw(run(good, good)+bad, "t=f", n(last+2)).do().fails(400, "bad_request")
		c.Saw("text good", "text good", "text good")
		last += 3
		s.form("t=t", "d=next", n(last+1)).do().reached(int64(last + 1))
		c.Saw("text next")
		last++
	}
}

func testFramesClose(t *T) {
	for what, bad := range map[string][]byte{
		"one byte": control(target.OpClose, "\x03"), "1005": target.Close(1005, ""), "1006": target.Close(1006, ""),
		"1002": target.Close(1002, ""), "2999": target.Close(2999, ""), "5000": target.Close(5000, ""), "999": target.Close(999, ""),
		"a reason that is no UTF-8": target.Close(1000, "\xff"), "124 bytes": target.Close(1000, strings.Repeat("r", 124)),
	} {
		t.sub(what, func(t *T) {
			s, c := t.pair(target.Options{})
			s.raw(run(target.Text("x"), bad, target.Text("never")), "t=f").do().fails(400, "bad_request")
			s.form("t=t", "d=second", "n=2").do().reached(2)
			c.Saw("text x", "text second")
		})
	}
	// What comes after one is wrong, and the close stands before it.
	for what, bad := range map[string]string{"text": run(target.Text("x")), "a ping": run(control(target.OpPing, "")), "a byte": "\x81"} {
		s, c := t.pair(target.Options{})
		s.raw(run(target.Text("last"), target.Close(1000, "bye"))+bad, "t=f").do().is(400, 403)
		if e := c.Next(); e.String() != "text last" {
			t.Errorf("send.frames: before a close and %s the target saw %q", what, e)
		}
		c.Saw("close 1000 bye")
	}
	s, c := t.pair(target.Options{})
	s.raw(run(target.Text("last"), control(target.OpPing, ""), target.Close(3000, strings.Repeat("é", 61)+"r")), "t=f", "n=1").do().is(201, 403)
	c.Saw("text last", "close 3000 "+strings.Repeat("é", 61)+"r")
	s.expect("close 3000 " + strings.Repeat("é", 61) + "r")

	s, c = t.pair(target.Options{})
	s.raw(run(masked(target.OpClose, "")), "t=f").do().is(201, 403)
	c.Saw("close 1005")
}
