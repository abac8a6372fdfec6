package upstream_test

import (
	"bytes"
	"compress/flate"
	"slices"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

// deflated is what a sender with a flush makes, RFC 7692 §7.2.1.
func deflated(s string, level int) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, level)
	w.Write([]byte(s))
	w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// compressed is a whole frame with RSV1.
func compressed(op wire.Opcode, payload string) string { return raw(0xc0|byte(op), payload) }

func TestDeflate(t *testing.T) {
	hello := "\xf2\x48\xcd\xc9\xc9\x07\x00" // RFC 7692 §7.2.3.1
	inflateFails := seen(1002, "a message could not be inflated")
	tooBig := seen(1009, "a message is over the limit")
	for _, test := range []struct {
		name   string
		stream string
		events []string
		seen   []string
	}{
		{"one block", compressed(wire.OpText, hello), []string{"text Hello", "closed 1006"}, nil},
		{"fragments", raw(0x41, hello[:3]) + frame(wire.OpPing, "p") + frame(wire.OpContinuation, hello[3:]),
			[]string{"text Hello", "closed 1006"}, []string{"pong p"}},
		{"an empty fragment first", raw(0x41, "") + frame(wire.OpContinuation, hello), []string{"text Hello", "closed 1006"}, nil},
		{"not compressed", compressed(wire.OpText, "\x00\x05\x00\xfa\xffHello\x00"), []string{"text Hello", "closed 1006"}, nil},
		{"final block", compressed(wire.OpText, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), []string{"text Hello", "closed 1006"}, nil},
		{"final block and no more", compressed(wire.OpText, "\xf3\x48\xcd\xc9\xc9\x07\x00"), []string{"text Hello", "closed 1006"}, nil},
		{"two final blocks", compressed(wire.OpText, strings.Repeat("\xf3\x48\xcd\xc9\xc9\x07\x00", 2)), []string{"text HelloHello", "closed 1006"}, nil},
		{"two blocks", compressed(wire.OpText, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), []string{"text Hello", "closed 1006"}, nil},
		{"empty", compressed(wire.OpBinary, "\x00"), []string{"binary ", "closed 1006"}, nil},
		{"not even a byte", compressed(wire.OpBinary, ""), []string{"binary ", "closed 1006"}, nil},
		{"plain between", compressed(wire.OpText, hello) + frame(wire.OpText, "plain") + compressed(wire.OpText, hello),
			[]string{"text Hello", "text plain", "text Hello", "closed 1006"}, nil},
		{"no context", compressed(wire.OpText, hello) + compressed(wire.OpText, "\xf2\x00\x11\x00\x00"),
			[]string{"text Hello", "closed 1006"}, inflateFails}, // RFC 7692 §7.2.3.2
		{"up to the limit", compressed(wire.OpText, deflated(rep(testLimit), 9)), []string{"text of 1000 bytes", "closed 1006"}, nil},
		{"up to the limit, stored", compressed(wire.OpText, deflated(rep(testLimit), 0)), []string{"text of 1000 bytes", "closed 1006"}, nil},
		{"over the limit by one", compressed(wire.OpText, deflated(rep(testLimit+1), 9)), []string{"closed 1009"}, tooBig},
		{"bomb", compressed(wire.OpText, deflated(rep(1<<20), 9)), []string{"closed 1009"}, tooBig},
		{"too long as it comes", "\xc2\x7e\xff\xff", []string{"closed 1009"}, tooBig},
		{"corrupt", compressed(wire.OpText, "\xff\xff\xff"), fails, inflateFails},
		{"cut", compressed(wire.OpText, "\x00\x05\x00\xfa\xffHel"), fails, inflateFails},
		{"many final blocks", compressed(wire.OpText, strings.Repeat("\x03\x00", 400)), fails, inflateFails},
		{"no UTF-8", compressed(wire.OpText, deflated("\xff", 9)), fails, seen(1007, "a text message is not UTF-8")},
		{"rsv1 on a continuation", raw(0x41, hello[:3]) + raw(0xc0, hello[3:]), fails, seen(1002, "a frame has a reserved bit set")},
		{"rsv1 on a close", raw(0xc8, ""), fails, seen(1002, "a frame has a reserved bit set")},
		{"rsv2 as well", raw(0xe1, hello), fails, seen(1002, "a frame has a reserved bit set")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			saw := make(chan []string, 1)
			u := rude(t, func(p *peer) {
				p.send(p.answer(deflates) + test.stream)
				p.CloseWrite()
				saw <- p.end()
			})
			d := dialer()
			d.MessageLimit = testLimit
			c, r := dial(t, d, u), record(t)
			c.Start(r)
			r.expect(because(test.events, test.seen)...)
			if got := receive(t, saw); !slices.Equal(got, test.seen) {
				t.Errorf("the target saw %q, want %q", got, test.seen)
			}
		})
	}
}
