// Package transporttest is the suite that every carrier passes, over every
// version of HTTP: the client's side of a carrier is described, and the suite
// reads with it from a real handler, with a session behind it whose upstream is
// the test's.
package transporttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/wire"
)

// A Carrier is one way to read, from the client's side.
type Carrier struct {
	Name string
	// Path is the path and query of a read. Where ack is negative it has none.
	Path func(id string, ack int) string
	// Parse reads the messages of a response as they come, without heartbeats,
	// and ends with the body. seq is the number of the first; 0 where the
	// response does not tell.
	Parse func(header http.Header, body io.Reader, message func(wire.Frame)) (seq uint64, err error)
	// ContentType is the response's.
	ContentType string
	// Endless says that a response goes on after the messages that waited.
	Endless bool
}

// Run runs the suite with a carrier.
func Run(t *testing.T, c Carrier) {
	for _, version := range versions {
		t.Run(version.name, func(t *testing.T) {
			for _, test := range []struct {
				name string
				run  func(*testing.T, *peer)
			}{
				{"every kind of message arrives as it was sent", testKinds},
				{"a message that comes later ends the wait", testWait},
				{"a large message arrives whole", testLarge},
				{"what is not acknowledged comes again", testAgain},
				{"reading goes on after the highest acknowledgement", testGoesOn},
				{"a reader that vanishes loses nothing", testVanish},
				{"without acknowledgements each message comes once", testOnce},
				{"a newer read ends the older at once", testSuperseded},
				{"a read that is refused ends no other", testRefused},
				{"the close is last, and kept until it is acknowledged", testClose},
				{"what was sent before the close comes before it", testCloseLast},
				{"a break is 1006", testBreak},
				{"an unknown socket is 403", testUnknown},
				{"answers say who may read them, and that nobody may keep them", testHeaders},
			} {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					test.run(t, newPeer(t, c, version.dial))
				})
			}
		})
	}
}

func text(s string) wire.Frame { return wire.Frame{Kind: wire.Text, Data: []byte(s)} }

func closed(code wire.CloseCode, reason string) wire.Frame {
	return wire.Frame{Kind: wire.Close, Code: code, Data: []byte(reason)}
}

// texts are n messages that tell which they are, the first numbered from.
func texts(from, n int) []wire.Frame {
	frames := make([]wire.Frame, n)
	for i := range frames {
		frames[i] = text(fmt.Sprint("message ", from+i))
	}
	return frames
}

func testKinds(t *testing.T, p *peer) {
	want := []wire.Frame{
		text("hello"), text(""), text("</script>\u2028\u2029\x00 \"\\ ü 😀"),
		{Kind: wire.Binary, Data: []byte{0, 1, 0xfe, 0xff}}, {Kind: wire.Binary, Data: []byte{}},
	}
	p.push(want...)
	p.expect(p.readUntil(0, len(want)), 1, want...)
}

func testWait(t *testing.T, p *peer) {
	read := p.begin(0)
	p.attached()
	p.push(text("late"))
	p.expect(read.first(1), 1, text("late"))
}

func testLarge(t *testing.T, p *peer) {
	want := wire.Frame{Kind: wire.Binary, Data: bytes.Repeat([]byte("0123456789abcdef"), 64<<10)}
	p.push(want)
	p.expect(p.readUntil(0, 1), 1, want)
}

func testAgain(t *testing.T, p *peer) {
	p.push(texts(1, 3)...)
	for range 3 {
		p.expect(p.readUntil(0, 3), 1, texts(1, 3)...)
	}
}

func testGoesOn(t *testing.T, p *peer) {
	p.push(texts(1, 5)...)
	p.readUntil(0, 5)
	p.expect(p.readUntil(3, 2), 4, texts(4, 2)...)
	p.expect(p.readUntil(1, 2), 4, texts(4, 2)...) // a lower one changes nothing
}

func testVanish(t *testing.T, p *peer) {
	read := p.begin(0)
	p.attached()
	read.cut()
	p.detached()
	p.push(texts(1, 2)...)
	p.expect(p.readUntil(0, 2), 1, texts(1, 2)...)
}

func testOnce(t *testing.T, p *peer) {
	p.push(texts(1, 2)...)
	p.readUntil(0, 2)
	p.expect(p.readUntil(none, 2), 0, texts(1, 2)...) // unacknowledged until now
	p.push(texts(3, 2)...)
	p.expect(p.readUntil(none, 2), 0, texts(3, 2)...)
}

func testSuperseded(t *testing.T, p *peer) {
	older := p.begin(0)
	p.attached()
	newer := p.begin(0)
	if got := older.all(); len(got.frames) != 0 || got.err != nil || got.status != http.StatusOK {
		t.Errorf("the older read ended with %+v", got)
	}
	p.push(text("for the newer"))
	p.expect(newer.first(1), 1, text("for the newer"))
}

func testRefused(t *testing.T, p *peer) {
	read := p.begin(0)
	p.attached()
	p.expectError(p.begin(7).all(), http.StatusBadRequest, wire.BadRequest) // nothing was sent yet
	p.push(text("still here"))
	p.expect(read.first(1), 1, text("still here"))
}

func testClose(t *testing.T, p *peer) {
	p.close(4001, "enough <b>")
	for range 2 {
		p.expect(p.begin(0).all(), 1, closed(4001, "enough <b>"))
	}
	p.expectError(p.begin(1).all(), http.StatusForbidden, wire.NoSocket)
	p.expectError(p.begin(0).all(), http.StatusForbidden, wire.NoSocket)
}

func testCloseLast(t *testing.T, p *peer) {
	p.push(texts(1, 2)...)
	p.close(wire.CloseNoStatus, "")
	p.expect(p.begin(none).all(), 0, append(texts(1, 2), closed(wire.CloseNoStatus, ""))...)
	p.expectError(p.begin(none).all(), http.StatusForbidden, wire.NoSocket)
}

func testBreak(t *testing.T, p *peer) {
	read := p.begin(0)
	p.attached()
	p.close(wire.CloseAbnormal, "")
	p.expect(read.all(), 1, closed(wire.CloseAbnormal, ""))
}

func testUnknown(t *testing.T, p *peer) {
	p.id = "nobody"
	p.expectError(p.begin(0).all(), http.StatusForbidden, wire.NoSocket)
}

func testHeaders(t *testing.T, p *peer) {
	p.push(text("x"))
	got := p.begin(0).first(1)
	want := map[string]string{
		"Content-Type":                  p.carrier.ContentType,
		"Access-Control-Allow-Origin":   Origin,
		"Access-Control-Expose-Headers": "Polysocket-Seq",
		"Vary":                          "Origin",
	}
	for name, value := range want {
		if got.header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), value)
		}
	}
	if p.http10 && (got.header.Get("Transfer-Encoding") != "" || got.chunked) {
		t.Error("a chunked answer to HTTP/1.0")
	}
}

// expect checks what a read brought. Where seq is 0 it is not looked at.
func (p *peer) expect(got response, seq uint64, want ...wire.Frame) {
	p.t.Helper()
	if got.err != nil && !errors.Is(got.err, context.Canceled) && !errors.Is(got.err, net.ErrClosed) { // as it was cut
		p.t.Errorf("the read failed: %v", got.err)
	}
	if got.status != http.StatusOK {
		p.t.Errorf("status %d: %s", got.status, got.problem)
	}
	if seq > 0 && got.seq > 0 && got.seq != seq {
		p.t.Errorf("the first message is numbered %d, want %d", got.seq, seq)
	}
	if diff := cmp.Diff(want, got.frames, cmp.Comparer(bytes.Equal)); diff != "" {
		p.t.Errorf("messages (-want +got):\n%.2000s", diff)
	}
}

func (p *peer) expectError(got response, status int, code wire.ErrorCode) {
	p.t.Helper()
	if got.status != status || !strings.Contains(got.problem, `"code":"`+string(code)+`"`) {
		p.t.Errorf("status %d: %s, want %d %s", got.status, got.problem, status, code)
	}
}

// patience is how long the suite waits for what must come.
const patience = 20 * time.Second
