package wire_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/wire"
)

func TestHeader(t *testing.T) {
	mask := [4]byte{1, 2, 3, 4}
	for _, test := range []struct {
		bytes string
		want  wire.Header
	}{
		{"\x81\x05", wire.Header{Fin: true, Opcode: wire.OpText, Length: 5}},
		{"\x01\x00", wire.Header{Opcode: wire.OpText}},
		{"\xc2\x7d", wire.Header{Fin: true, RSV: 0x40, Opcode: wire.OpBinary, Length: 125}},
		{"\x82\x7e\x00\x7e", wire.Header{Fin: true, Opcode: wire.OpBinary, Length: 126}},
		{"\x82\x7e\xff\xff", wire.Header{Fin: true, Opcode: wire.OpBinary, Length: 0xffff}},
		{"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", wire.Header{Fin: true, Opcode: wire.OpBinary, Length: 1 << 16}},
		{"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", wire.Header{Fin: true, Opcode: wire.OpBinary, Length: 1<<63 - 1}},
		{"\x80\x80\x01\x02\x03\x04", wire.Header{Fin: true, Masked: true, Mask: mask}},
		{"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00\x01\x02\x03\x04", wire.Header{Fin: true, Opcode: wire.OpBinary, Masked: true, Mask: mask, Length: 1 << 16}},
		{"\x88\x7d", wire.Header{Fin: true, Opcode: wire.OpClose, Length: 125}},
	} {
		got, n, err := wire.ParseHeader([]byte(test.bytes + "rest"))
		if err != nil || n != len(test.bytes) || got != test.want {
			t.Errorf("%x: %+v, %d bytes, %v\n  want %+v", test.bytes, got, n, err, test.want)
		}
		if again := wire.AppendHeader(nil, test.want); string(again) != test.bytes {
			t.Errorf("%+v: %x, want %x", test.want, again, test.bytes)
		}
		for cut := range len(test.bytes) {
			if _, n, err := wire.ParseHeader([]byte(test.bytes[:cut])); n != 0 || err != nil {
				t.Errorf("%x cut after %d: %d bytes, %v", test.bytes, cut, n, err)
			}
		}
		if len(test.bytes) > wire.MaxHeader {
			t.Errorf("%x is longer than MaxHeader", test.bytes)
		}
	}
}

func TestHeaderBroken(t *testing.T) {
	for name, bytes := range map[string]string{
		"a reserved opcode":         "\x83\x00",
		"a reserved control opcode": "\x8b\x00",
		"a long control frame":      "\x89\x7e",
		"a huge control frame":      "\x88\x7f",
		"half a control frame":      "\x09\x00",
		"125 in 16 bits":            "\x82\x7e\x00\x7d",
		"65535 in 64 bits":          "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
		"a negative length":         "\x82\x7f\x80\x00\x00\x00\x00\x01\x00\x00",
	} {
		if _, n, err := wire.ParseHeader([]byte(bytes)); err == nil || n != 0 {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
}

func TestHeaderAllocatesNothing(t *testing.T) {
	buffer := make([]byte, 0, wire.MaxHeader)
	h := wire.Header{Fin: true, Opcode: wire.OpBinary, Masked: true, Length: 1 << 20}
	if n := testing.AllocsPerRun(100, func() {
		if _, _, err := wire.ParseHeader(wire.AppendHeader(buffer, h)); err != nil {
			t.Error(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzHeader(f *testing.F) {
	for _, seed := range []string{"", "\x81\x05hello", "\x82\x7e\x00\x7e", "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00\x01\x02\x03\x04", "\x89\x7e", "\x83\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		h, n, err := wire.ParseHeader(p)
		in := bytes.NewReader(p)
		theirs, theirErr := ws.ReadHeader(in)
		switch {
		case err != nil:
			minimal := theirErr == nil && len(p)-in.Len() == ws.HeaderSize(theirs)
			_, other := ws.CheckHeader(theirs, 0).(ws.ProtocolError) // which also minds what depends on the connection
			if minimal && !other {
				t.Errorf("%x: %v, and gobwas/ws reads %+v", p, err, theirs)
			}
		case n == 0:
			if !errors.Is(theirErr, io.EOF) && !errors.Is(theirErr, io.ErrUnexpectedEOF) {
				t.Errorf("%x is incomplete, and gobwas/ws reads %+v, %v", p, theirs, theirErr)
			}
			if len(p) >= wire.MaxHeader {
				t.Errorf("%x is incomplete", p)
			}
		default:
			want := ws.Header{Fin: h.Fin, Rsv: h.RSV >> 4, OpCode: ws.OpCode(h.Opcode), Masked: h.Masked, Mask: h.Mask, Length: h.Length}
			if diff := cmp.Diff(want, theirs); theirErr != nil || diff != "" {
				t.Errorf("%x (-ours +gobwas/ws): %v\n%s", p, theirErr, diff)
			}
			if again := wire.AppendHeader(nil, h); !bytes.Equal(again, p[:n]) {
				t.Errorf("%x comes back as %x", p[:n], again)
			}
			for cut := range n {
				if _, n, err := wire.ParseHeader(p[:cut]); n != 0 || err != nil {
					t.Errorf("%x cut after %d: %d bytes, %v", p, cut, n, err)
				}
			}
		}
	})
}
