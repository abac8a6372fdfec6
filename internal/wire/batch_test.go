package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/polysocket/polysocket/internal/wire"
)

const roomy = 1 << 20

// frame is one frame of a batch; RSV bits and a missing FIN are in first.
func frame(first byte, masked bool, payload string) string {
	h := wire.Header{Fin: first&0x80 != 0, RSV: first & 0x70, Opcode: wire.Opcode(first & 0x0f), Masked: masked, Length: int64(len(payload))}
	data := []byte(payload)
	if masked {
		h.Mask = [4]byte{0xde, 0xad, 0xbe, 0xef}
		for i := range data {
			data[i] ^= h.Mask[i%4]
		}
	}
	return string(append(wire.AppendHeader(nil, h), data...))
}

// The first bytes of frames.
const (
	part, text, bin, cont = 0x00, 0x81, 0x82, 0x80
	closing, ping, pong   = 0x88, 0x89, 0x8a
	partText, partBin     = 0x01, 0x02
)

// run joins frames, given as first byte and payload in turn.
func run(masked bool, frames ...any) string {
	var b strings.Builder
	for i := 0; i < len(frames); i += 2 {
		b.WriteString(frame(byte(frames[i].(int)), masked, frames[i+1].(string)))
	}
	return b.String()
}

func same(a, b []wire.Frame) bool {
	return slices.EqualFunc(a, b, func(a, b wire.Frame) bool {
		return a.Kind == b.Kind && a.More == b.More && a.Code == b.Code && bytes.Equal(a.Data, b.Data)
	})
}

func TestBatch(t *testing.T) {
	message := func(kind wire.Kind, data string) wire.Frame { return wire.Frame{Kind: kind, Data: []byte(data)} }
	for name, test := range map[string]struct {
		frames []any
		want   []wire.Frame
	}{
		"nothing":       {},
		"two messages":  {[]any{text, "a", bin, "\xff"}, []wire.Frame{message(wire.Text, "a"), message(wire.Binary, "\xff")}},
		"empty ones":    {[]any{text, "", bin, ""}, []wire.Frame{message(wire.Text, ""), message(wire.Binary, "")}},
		"long ones":     {[]any{text, strings.Repeat("a", 126), bin, strings.Repeat("b", 1<<16)}, []wire.Frame{message(wire.Text, strings.Repeat("a", 126)), message(wire.Binary, strings.Repeat("b", 1<<16))}},
		"fragments":     {[]any{partText, "a", part, "", part, "b", cont, "c", text, "d"}, []wire.Frame{message(wire.Text, "abc"), message(wire.Text, "d")}},
		"empty first":   {[]any{partBin, "", cont, "c"}, []wire.Frame{message(wire.Binary, "c")}},
		"cut character": {[]any{partText, "\xe2\x82", cont, "\xac"}, []wire.Frame{message(wire.Text, "€")}},
		"pings":         {[]any{ping, "x", partText, "a", ping, "y", pong, "", cont, "b", pong, "z"}, []wire.Frame{message(wire.Text, "ab")}},
		"close":         {[]any{text, "a", closing, "\x03\xe8bye"}, []wire.Frame{message(wire.Text, "a"), {Kind: wire.Close, Code: 1000, Data: []byte("bye")}}},
		"empty close":   {[]any{closing, ""}, []wire.Frame{{Kind: wire.Close, Code: wire.CloseNoStatus}}},
		"close 4999":    {[]any{closing, "\x13\x87"}, []wire.Frame{{Kind: wire.Close, Code: 4999}}},
		"longest close": {[]any{closing, "\x03\xe9" + strings.Repeat("x", 123)}, []wire.Frame{{Kind: wire.Close, Code: 1001, Data: []byte(strings.Repeat("x", 123))}}},
	} {
		for _, masked := range []bool{false, true} {
			got, err := parseBatch([]byte(run(masked, test.frames...)), roomy)
			if err != nil || !same(got, test.want) {
				t.Errorf("%s, masked %v: %.100v, %v", name, masked, got, err)
			}
		}
	}
}

func TestBatchBroken(t *testing.T) {
	for name, body := range map[string]string{
		"half a header":                   "\x81",
		"half a payload":                  "\x81\x05hell",
		"a length not in its shortest":    "\x81\x7e\x00\x01a",
		"a reserved bit":                  frame(text|0x40, false, "a"),
		"a reserved bit on a ping":        frame(ping|0x10, false, ""),
		"a reserved opcode":               frame(0x83, false, ""),
		"a fragment of a ping":            frame(0x09, false, ""),
		"a long ping":                     frame(ping, false, strings.Repeat("x", 126)),
		"nothing to continue":             frame(cont, false, "a"),
		"nothing to continue any more":    run(false, partText, "a", cont, "b", cont, "c"),
		"a message in another":            run(false, partText, "a", text, "b"),
		"unfinished":                      run(false, text, "a", partText, "b"),
		"unfinished behind a ping":        run(false, partText, "b", ping, ""),
		"a close in a message":            run(false, partText, "a", closing, "\x03\xe8"),
		"a message behind a close":        run(false, closing, "", text, "a"),
		"a ping behind a close":           run(false, closing, "", ping, ""),
		"a close behind a close":          run(false, closing, "", closing, ""),
		"half a header behind a close":    run(false, closing, "") + "\x81",
		"a close of one byte":             frame(closing, false, "\x03"),
		"close 999":                       frame(closing, false, "\x03\xe7"),
		"close 1002":                      frame(closing, false, "\x03\xea"),
		"close 1005, which no frame has":  frame(closing, false, "\x03\xed"),
		"close 1005, masked":              frame(closing, true, "\x03\xed"),
		"close 1006":                      frame(closing, false, "\x03\xee"),
		"close 5000":                      frame(closing, false, "\x13\x88"),
		"a close reason that is no UTF-8": frame(closing, false, "\x03\xe8\xff"),
		"text that is no UTF-8":           frame(text, false, "\xff"),
		"text that ends in a character":   run(false, partText, "\xe2\x82", cont, "", text, "\xac"),
	} {
		frames, err := parseBatch([]byte(body), roomy)
		if err == nil || errors.Is(err, wire.ErrMessageTooLarge) || frames != nil {
			t.Errorf("%s: %v, %v", name, frames, err)
		}
	}
}

func TestBatchLimit(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		over bool
	}{
		"an endless one":            {"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", true},
		"at the limit":              {run(true, text, "abcd", bin, "abcd"), false},
		"over it":                   {frame(bin, true, "abcde"), true},
		"fragments at the limit":    {run(false, partBin, "ab", part, "cd", cont, ""), false},
		"fragments over it":         {run(false, partBin, "ab", part, "cd", cont, "e"), true},
		"two with a ping between":   {run(false, partBin, "ab", ping, "long enough", cont, "cd", bin, "abcd"), false},
		"a close longer than that":  {frame(closing, false, "\x03\xe8goodbye"), false},
		"one that fits, one beyond": {run(false, text, "abcd", text, "abcde"), true},
	} {
		if _, err := parseBatch([]byte(test.body), 4); errors.Is(err, wire.ErrMessageTooLarge) != test.over || !test.over && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whole messages are not copied beyond the reader's buffer, and those that follow
// are safe from whoever appends to one.
func TestBatchApart(t *testing.T) {
	b := wire.NewBatchReader(strings.NewReader(run(false, text, "whole", partText, "in ", cont, "parts", bin, "after")), roomy)
	frames, err := b.Next(10, roomy)
	if err != nil || len(frames) != 3 {
		t.Fatal(frames, err)
	}
	for _, f := range frames {
		_ = append(f.Data, "!!!!"...)
	}
	for i, want := range []string{"whole", "in parts", "after"} {
		if string(frames[i].Data) != want {
			t.Errorf("message %d has become %q", i, frames[i].Data)
		}
	}
}

// readRun reads a batch by way of gobwas/ws. Of what is wrong it only says that
// something is.
func readRun(body []byte, limit int) (frames []wire.Frame, tooLarge, ok bool) {
	var state ws.State
	var data []byte
	var op ws.OpCode
	in := bytes.NewReader(body)
	for in.Len() > 0 {
		before := in.Len()
		h, err := ws.ReadHeader(in)
		if err != nil || before-in.Len() != ws.HeaderSize(h) || ws.CheckHeader(h, state) != nil {
			return nil, false, false
		}
		if size := h.Length; !h.OpCode.IsControl() {
			if h.OpCode == ws.OpContinuation {
				size += int64(len(data))
			}
			if size > int64(limit) {
				return nil, true, false
			}
		}
		if h.Length > int64(in.Len()) {
			return nil, false, false
		}
		p := make([]byte, h.Length)
		_, _ = io.ReadFull(in, p)
		if h.Masked {
			ws.Cipher(p, h.Mask, 0)
		}
		switch {
		case h.OpCode == ws.OpClose:
			code, reason := ws.ParseCloseFrameData(p)
			if len(p) == 0 {
				code = ws.StatusNoStatusRcvd
			} else if ws.CheckCloseFrameData(code, reason) != nil || code > 1001 && code < 3000 || code > 4999 {
				return nil, false, false
			}
			frames = append(frames, wire.Frame{Kind: wire.Close, Code: wire.CloseCode(code), Data: []byte(reason)})
			return frames, false, in.Len() == 0 && !state.Fragmented()
		case h.OpCode.IsControl():
			continue
		case h.OpCode != ws.OpContinuation:
			op, data = h.OpCode, nil
		}
		data = append(data, p...)
		if state = state.Set(ws.StateFragmented); !h.Fin {
			continue
		}
		state = state.Clear(ws.StateFragmented)
		kind := wire.Binary
		if op == ws.OpText {
			kind = wire.Text
			if !utf8.Valid(data) {
				return nil, false, false
			}
		}
		frames = append(frames, wire.Frame{Kind: kind, Data: data})
	}
	return frames, false, !state.Fragmented()
}

func FuzzBatch(f *testing.F) {
	for _, masked := range []bool{false, true} {
		f.Add([]byte(run(masked, text, "a", bin, "\xff")))
		f.Add([]byte(run(masked, partText, "\xe2", ping, "p", part, "\x82", cont, "\xac", closing, "\x03\xe8bye")))
		f.Add([]byte(run(masked, closing, "\x03\xed")))
		f.Add([]byte(run(masked, bin, strings.Repeat("x", 126))))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const limit = 200
		want, tooLarge, ok := readRun(body, limit)
		got, err := parseBatch(slices.Clone(body), limit)
		if (err == nil) != ok || errors.Is(err, wire.ErrMessageTooLarge) != tooLarge {
			t.Fatalf("%x: %v, and by gobwas/ws ok is %v, too large %v", body, err, ok, tooLarge)
		}
		if ok && !same(got, want) {
			t.Fatalf("%x: %v, and by gobwas/ws %v", body, got, want)
		}
		for _, masked := range []bool{false, true} {
			again, err := parseBatch(encode(got, masked), limit)
			if ok && (err != nil || !same(again, got)) {
				t.Fatalf("%x: %v, and written again, masked %v: %v, %v", body, got, masked, again, err)
			}
		}
	})
}

// encode writes messages as one frame each.
func encode(frames []wire.Frame, masked bool) []byte {
	var b []byte
	for _, f := range frames {
		switch f.Kind {
		case wire.Text:
			b = append(b, frame(text, masked, string(f.Data))...)
		case wire.Binary:
			b = append(b, frame(bin, masked, string(f.Data))...)
		case wire.Close:
			var payload []byte
			if f.Code != wire.CloseNoStatus {
				payload = append(binary.BigEndian.AppendUint16(nil, uint16(f.Code)), f.Data...)
			}
			b = append(b, frame(closing, masked, string(payload))...)
		}
	}
	return b
}

// parseBatch reads a batch to its end. Of one with a fault it gives nothing.
func parseBatch(body []byte, limit int) ([]wire.Frame, error) {
	return readBatchFrom(bytes.NewReader(body), limit)
}

func readBatchFrom(body io.Reader, limit int) ([]wire.Frame, error) {
	all, err := readUntilFault(body, limit)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// readUntilFault gives what a batch has before its fault too.
func readUntilFault(body io.Reader, limit int) (all []wire.Frame, err error) {
	b := wire.NewBatchReader(body, limit)
	for {
		frames, err := b.Next(3, 100)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		for _, f := range frames {
			f.Data = bytes.Clone(f.Data) // they are good until the next call
			all = append(all, f)
		}
	}
}

// However a body arrives, the same is read of it; what stands before a fault is.
func TestBatchInPieces(t *testing.T) {
	big := strings.Repeat("0123456789", 20_000)
	good := run(true, text, "a", partText, "\xe2\x82", ping, "p", cont, "\xac", bin, "", bin, big, partBin, big, cont, big)
	whole, err := parseBatch([]byte(good), roomy)
	if err != nil || len(whole) != 5 || string(whole[1].Data) != "€" || string(whole[4].Data) != big+big {
		t.Fatalf("%d messages, %v", len(whole), err)
	}
	for name, bad := range map[string]string{"": "", "a message in another": run(false, partText, "a", text, "b"), "cut off": "\x81\x05hell"} {
		for way, reader := range map[string]func(io.Reader) io.Reader{
			"byte by byte": iotest.OneByteReader, "by halves": iotest.HalfReader, "with its end": iotest.DataErrReader,
		} {
			got, err := readUntilFault(reader(strings.NewReader(good+bad)), roomy)
			if (err == nil) != (bad == "") || !same(got, whole) {
				t.Errorf("%s, %s: %d messages, %v", way, name, len(got), err)
			}
		}
	}
	broken := errors.New("broken")
	got, err := readUntilFault(io.MultiReader(strings.NewReader(good), iotest.ErrReader(broken)), roomy)
	if !errors.Is(err, broken) || !same(got, whole) {
		t.Errorf("%d messages, %v", len(got), err)
	}
}

// Next gives what has arrived, and does not wait for more.
func TestBatchAsItComes(t *testing.T) {
	in, out := io.Pipe()
	b := wire.NewBatchReader(in, roomy)
	for _, sent := range []string{frame(text, false, "a"), run(true, bin, "b", bin, "c") + "\x81", "\x01d"} {
		go func() { _, _ = out.Write([]byte(sent)) }()
		for want := max(1, len(sent)/8); want > 0; {
			frames, err := b.Next(100, roomy)
			if err != nil {
				t.Fatal(err)
			}
			want -= len(frames)
		}
	}
	_ = out.Close()
	if frames, err := b.Next(1, 1); err != io.EOF {
		t.Error(frames, err)
	}
}

// A header that promises much takes no memory for it.
func TestBatchPromise(t *testing.T) {
	const limit = 1 << 30
	body := append(wire.AppendHeader(nil, wire.Header{Fin: true, Opcode: wire.OpBinary, Length: limit}), "not much"...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := parseBatch(body, limit); err == nil {
		t.Error("a frame that is cut off is whole")
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("%d bytes were allocated", got)
	}
}

// A large message is not paid for until the end of a body that is kept open.
func TestBatchForgets(t *testing.T) {
	const size = 32 << 20
	large := frame(bin, false, strings.Repeat("x", size))
	batch := wire.NewBatchReader(io.MultiReader(strings.NewReader(large), iotest.OneByteReader(strings.NewReader(run(true, text, "a", text, "b")))), size)
	var last []wire.Frame
	for len(last) == 0 || string(last[0].Data) != "a" {
		var err error
		if last, err = batch.Next(1, 1); err != nil {
			t.Fatal(err)
		}
	}
	var heap [2]runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&heap[0])
	if last, err := batch.Next(1, 1); err != nil || string(last[0].Data) != "b" {
		t.Fatal(last, err)
	}
	batch = nil
	runtime.GC()
	runtime.ReadMemStats(&heap[1])
	if held := int64(heap[0].HeapAlloc) - int64(heap[1].HeapAlloc); held > size/2 {
		t.Errorf("it held %d bytes", held)
	}
}

// A message that comes in small pieces is not copied for each of them.
func TestBatchInSmallPieces(t *testing.T) {
	const size = 4 << 20
	body := strings.NewReader(frame(bin, true, strings.Repeat("x", size)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	frames, err := wire.NewBatchReader(smallPieces{body}, size).Next(1, 1)
	if err != nil || len(frames) != 1 || len(frames[0].Data) != size {
		t.Fatal(len(frames), err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4*size {
		t.Errorf("%d bytes were allocated for %d", got, size)
	}
}

// smallPieces come one packet at a time.
type smallPieces struct{ io.Reader }

func (r smallPieces) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 1400)]) }
