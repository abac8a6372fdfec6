package upstream_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

const testLimit = 1000

// received is what a target may send, what comes of it here, and what the
// target sees. Each stream ends with the end of the connection.
var received = []struct {
	name   string
	stream string
	events []string
	seen   []string // by the target
}{
	{"nothing", "", []string{"closed 1006"}, nil},
	{"text", frame(wire.OpText, "grüße"), []string{"text grüße", "closed 1006"}, nil},
	{"binary", frame(wire.OpBinary, "\x00\xff"), []string{"binary \x00\xff", "closed 1006"}, nil},
	{"empty", frame(wire.OpText, "") + frame(wire.OpBinary, ""), []string{"text ", "binary ", "closed 1006"}, nil},
	{"lengths", frame(wire.OpText, rep(125)) + frame(wire.OpText, rep(126)) + frame(wire.OpText, rep(testLimit)),
		[]string{"text of 125 bytes", "text of 126 bytes", "text of 1000 bytes", "closed 1006"}, nil},
	{"fragments", part(wire.OpText, "a") + part(wire.OpContinuation, "") + frame(wire.OpContinuation, "b"),
		[]string{"text ab", "closed 1006"}, nil},
	{"character across fragments", part(wire.OpText, "\xc3") + frame(wire.OpContinuation, "\xbc"), []string{"text ü", "closed 1006"}, nil},
	{"control between fragments", part(wire.OpText, "a") + frame(wire.OpPing, "p") + frame(wire.OpPong, "q") + frame(wire.OpContinuation, "b"),
		[]string{"text ab", "closed 1006"}, []string{"pong p"}},
	{"pings", frame(wire.OpPing, "") + frame(wire.OpPing, rep(125)), []string{"closed 1006"}, []string{"pong ", "pong " + rep(125)}},
	{"pongs nobody asked for", frame(wire.OpPong, "x") + frame(wire.OpText, "y"), []string{"text y", "closed 1006"}, nil},

	{"ends in a header", "\x81", []string{"closed 1006"}, nil},
	{"ends in a length", "\x82\x7e\x01", []string{"closed 1006"}, nil},
	{"ends in a payload", "\x82\x05abc", []string{"closed 1006"}, nil},
	{"ends in a message", part(wire.OpText, "abc"), []string{"closed 1006"}, nil},
	{"ends in a ping", "\x89\x05abc", []string{"closed 1006"}, nil},
	{"ends in a close", "\x88\x02\x03", []string{"closed 1006"}, nil},

	{"masked", "\x81\x81\x01\x02\x03\x04x", fails, seen(1002, "a frame from a server is masked")},
	{"masked ping", "\x89\x80\x01\x02\x03\x04", fails, seen(1002, "a frame from a server is masked")},
	{"rsv1", raw(0xc1, "x"), fails, seen(1002, "a frame has a reserved bit set")},
	{"rsv2", raw(0xa1, "x"), fails, seen(1002, "a frame has a reserved bit set")},
	{"rsv3", raw(0x91, "x"), fails, seen(1002, "a frame has a reserved bit set")},
	{"rsv1 on a ping", raw(0xc9, "x"), fails, seen(1002, "a frame has a reserved bit set")},
	{"opcode 3", raw(0x83, "x"), fails, seen(1002, "a frame has a reserved opcode")},
	{"opcode 11", raw(0x8b, "x"), fails, seen(1002, "a frame has a reserved opcode")},
	{"continuation of nothing", frame(wire.OpContinuation, "x"), fails, seen(1002, "a continuation frame continues nothing")},
	{"continuation after the end", part(wire.OpText, "a") + frame(wire.OpContinuation, "b") + part(wire.OpContinuation, "c"),
		[]string{"text ab", "closed 1006"}, seen(1002, "a continuation frame continues nothing")},
	{"message inside a message", part(wire.OpText, "a") + frame(wire.OpText, "b"), fails, seen(1002, "a message begins inside another")},
	{"long ping", "\x89\x7e\x00\x7e" + rep(126), fails, seen(1002, "a control frame has more than 125 bytes")},
	{"long close", "\x88\x7e\x00\x7e" + rep(126), fails, seen(1002, "a control frame has more than 125 bytes")},
	{"fragmented ping", part(wire.OpPing, "x"), fails, seen(1002, "a control frame is fragmented")},
	{"fragmented close", part(wire.OpClose, ""), fails, seen(1002, "a control frame is fragmented")},
	{"16 bits where 7 do", "\x81\x7e\x00\x7d" + rep(125), fails, seen(1002, "a frame's length is not in its shortest form")},
	{"64 bits where 16 do", "\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff", fails, seen(1002, "a frame's length is not in its shortest form")},
	{"a negative length", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", fails, seen(1002, "a frame's length has its highest bit set")},
	{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", fails, seen(1002, "a control frame is fragmented")},

	{"text that is no UTF-8", frame(wire.OpText, "\xff"), fails, seen(1007, "a text message is not UTF-8")},
	{"a surrogate", frame(wire.OpText, "\xed\xa0\x80"), fails, seen(1007, "a text message is not UTF-8")},
	{"cut character", part(wire.OpText, "a\xc3") + frame(wire.OpContinuation, "b"), fails, seen(1007, "a text message is not UTF-8")},
	{"cut character at the end", frame(wire.OpText, "a\xc3"), fails, seen(1007, "a text message is not UTF-8")},

	{"too big", frame(wire.OpBinary, rep(testLimit+1)), []string{"closed 1009"}, seen(1009, "a message is over the limit")},
	{"too big, by its header alone", "\x82\x7f\x00\x00\x00\x00\x7f\xff\xff\xff", []string{"closed 1009"}, seen(1009, "a message is over the limit")},
	{"as big as can be", "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", []string{"closed 1009"}, seen(1009, "a message is over the limit")},
	{"sums up to the most", part(wire.OpText, "1") + "\x80\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", []string{"closed 1009"}, seen(1009, "a message is over the limit")},
	{"too big in fragments", part(wire.OpText, rep(testLimit)) + frame(wire.OpContinuation, "x"), []string{"closed 1009"}, seen(1009, "a message is over the limit")},

	{"close", closeFrame(1000, "bye"), []string{"closed 1000 bye"}, seen(1000, "bye")},
	{"close without a code", closeFrame(1005, ""), []string{"closed 1005"}, seen(1005, "")},
	{"close with a code of its own", closeFrame(4999, ""), []string{"closed 4999"}, seen(4999, "")},
	{"close with a full reason", closeFrame(1011, rep(123)), []string{"closed 1011 " + rep(123)}, seen(1011, rep(123))},
	{"close inside a message", part(wire.OpText, "a") + closeFrame(1001, ""), []string{"closed 1001"}, seen(1001, "")},
	{"message, close, message", frame(wire.OpText, "a") + closeFrame(3000, "") + frame(wire.OpText, "b") + frame(wire.OpPing, "c") + closeFrame(1000, ""),
		[]string{"text a", "closed 3000"}, seen(3000, "")},
	{"rubbish after the close", closeFrame(1000, "") + "\xff\xff\xff\xff", []string{"closed 1000"}, seen(1000, "")},
	{"close of one byte", frame(wire.OpClose, "\x03"), fails, seen(1002, "a Close frame's payload has one byte: a code has two")},
	{"close 0", closeFrame(0, ""), fails, noCode},
	{"close 999", closeFrame(999, ""), fails, noCode},
	{"close 1004", closeFrame(1004, ""), fails, noCode},
	{"close 1005 in a frame", frame(wire.OpClose, "\x03\xed"), fails, seen(1002, "a Close frame has the code 1005, which is never in a frame")},
	{"close 1006 in a frame", closeFrame(1006, ""), fails, noCode},
	{"close 1015 in a frame", closeFrame(1015, ""), fails, noCode},
	{"close 2999", closeFrame(2999, ""), fails, noCode},
	{"close 5000", closeFrame(5000, ""), fails, noCode},
	{"close reason that is no UTF-8", closeFrame(1000, "\xff"), fails, seen(1007, "a close reason is not UTF-8")},
}

var (
	fails  = []string{"closed 1006"}
	noCode = seen(1002, "a Close frame has a code that may not be sent")
)

func seen(code wire.CloseCode, reason string) []string {
	if code == 1005 {
		return []string{"close 1005"}
	}
	return []string{strings.TrimSpace("close " + strconv.Itoa(int(code)) + " " + reason)}
}

// because adds to a failure the reason that the target saw, which the handler is
// told as well.
func because(events, seen []string) []string {
	last := len(events) - 1
	if len(seen) != 1 || !strings.HasPrefix(seen[0], "close ") || events[last] != "closed 1006" {
		return events
	}
	_, reason, _ := strings.Cut(strings.TrimPrefix(seen[0], "close "), " ")
	return append(slices.Clone(events[:last]), "closed 1006 "+reason)
}

func TestReceive(t *testing.T) {
	ways := map[string]func(p *peer, stream string){
		"with the 101":  func(p *peer, stream string) { p.send(p.answer() + stream) },
		"after the 101": func(p *peer, stream string) { p.send(p.answer()); p.send(stream) },
		"byte by byte": func(p *peer, stream string) {
			for _, b := range []byte(p.answer() + stream) {
				if _, err := p.Write([]byte{b}); err != nil {
					return // we may have closed what was rude
				}
			}
		},
	}
	for way, send := range ways {
		for _, test := range received {
			t.Run(test.name+"/"+way, func(t *testing.T) {
				t.Parallel()
				saw := make(chan []string, 1)
				u := rude(t, func(p *peer) {
					send(p, test.stream)
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
}

// A target that goes on sending after it was told to stop hears why, and keeps
// neither the connection nor the goroutine for ever.
func TestReceiveFloodAfterFailure(t *testing.T) {
	saw := make(chan []string, 1)
	u := rude(t, func(p *peer) {
		p.send(p.answer() + frame(wire.OpContinuation, ""))
		done := make(chan struct{})
		go func() {
			defer close(done)
			flood := []byte(rep(1 << 20))
			for range 10_000 {
				if _, err := p.Write(flood); err != nil {
					return
				}
			}
			t.Error("10 GB went through")
		}()
		h, payload, err := p.read()
		if err != nil || h.Opcode != wire.OpClose {
			t.Errorf("%v %v", h, err)
		}
		saw <- []string{string(payload[2:])}
		<-done
	})
	c, r := dial(t, dialer(), u), record(t)
	c.Start(r)
	r.expect("closed 1006 a continuation frame continues nothing")
	receive(t, saw)
}

func rep(n int) string { return strings.Repeat("x", n) }
