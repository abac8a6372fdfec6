package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/polysocket/polysocket/internal/wire"
)

// streamed has what streams have to carry.
var streamed = []wire.Frame{
	{Kind: wire.Text}, {Kind: wire.Text, Data: []byte("a\nb\r\n\u2028 <é😀>")}, {Kind: wire.Binary, Data: []byte{0, 0xff}},
	{Kind: wire.Text, Data: bytes.Repeat([]byte("x"), 125)}, {Kind: wire.Text, Data: bytes.Repeat([]byte("x"), 126)},
	{Kind: wire.Binary, Data: bytes.Repeat([]byte("x"), 1<<16-1)}, {Kind: wire.Binary, Data: bytes.Repeat([]byte("x"), 1<<16)},
	{Kind: wire.Close, Code: wire.CloseNoStatus}, {Kind: wire.Close, Code: wire.CloseAbnormal, Data: []byte("why")},
	{Kind: wire.Close, Code: 4999, Data: bytes.Repeat([]byte("r"), wire.MaxCloseReason)},
}

// What gobwas/ws writes of a message is what AppendFrame does.
func TestAppendFrame(t *testing.T) {
	for _, f := range streamed {
		var want bytes.Buffer
		frame := ws.NewFrame(map[wire.Kind]ws.OpCode{wire.Text: ws.OpText, wire.Binary: ws.OpBinary}[f.Kind], true, f.Data)
		if f.Kind == wire.Close {
			frame = ws.NewCloseFrame(nil)
			if f.Code != wire.CloseNoStatus {
				frame = ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusCode(f.Code), string(f.Data)))
			}
		}
		if err := ws.WriteFrame(&want, frame); err != nil {
			t.Fatal(err)
		}
		if got := wire.AppendFrame([]byte("before"), f); string(got) != "before"+want.String() {
			t.Errorf("%c of %d bytes: %.20x, want %.20x", f.Kind, len(f.Data), got[6:], want.Bytes())
		}
	}
	if h, n, err := wire.ParseHeader([]byte(wire.Ping)); err != nil || h.Opcode != wire.OpPing || h.Length != 4 || len(wire.Ping) != n+4 {
		t.Errorf("the ping is %+v, %v", h, err)
	}
}

// An event is an id, one line of data, and an empty line, whatever is in it.
func TestAppendEvent(t *testing.T) {
	for _, f := range streamed {
		got := string(wire.AppendEvent(nil, 7, f))
		want := fmt.Sprintf("id: 7\ndata: %s\n\n", wire.AppendMessage(nil, f))
		if got != want || strings.Count(got, "\n") != 3 || strings.Contains(got, "\r") {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if data, ok := strings.CutPrefix(wire.HeartbeatEvent, "data: "); !ok || !json.Valid([]byte(data)) {
		t.Errorf("the heartbeat is %q", wire.HeartbeatEvent)
	}
}
