package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// What is wrong with a batch, besides frames that break its rules.
var (
	ErrMessageTooLarge = errors.New("a message is over the limit")
	ErrBodyBroken      = errors.New("the body has broken off")
)

// The numbers of reading a batch, in bytes.
const (
	batchBuffer = 4 << 10  // what is read at once, to begin with
	batchMost   = 64 << 10 // and at the most, unless a message is larger
)

// A BatchReader reads the body of a send with t=f as it arrives: a run of whole
// RFC 6455 messages as frames, masked or not. Fragments are joined, pings and
// pongs left out. Make it with NewBatchReader.
type BatchReader struct {
	body  io.Reader
	limit int
	count int // bytes of the body before buf[at]
	buf   []byte
	at    int   // what lies before it was handed out
	done  error // what reading the body ended with

	message Frame // the one being joined from fragments
	open    bool  // whether there is one
	closed  bool  // a Close frame has come
	err     error // what is wrong with what comes next

	tellOf func(change int) // told of what the buffers take; nil: nobody
	told   int
}

// NewBatchReader makes a BatchReader. A message of more than limit bytes is
// ErrMessageTooLarge.
func NewBatchReader(body io.Reader, limit int) *BatchReader {
	return &BatchReader{body: body, limit: limit}
}

// Count has f told of each change of what the buffers take, in bytes. Release is then to
// be called.
func (b *BatchReader) Count(f func(change int)) { b.tellOf = f }

// Release lets go of the buffers. Nothing is read after it.
func (b *BatchReader) Release() {
	b.buf, b.at, b.message = nil, 0, Frame{}
	b.tell()
}

func (b *BatchReader) tell() {
	held := cap(b.buf)
	if b.open {
		held += cap(b.message.Data)
	}
	if b.tellOf != nil && held != b.told {
		b.tellOf(held - b.told)
		b.told = held
	}
}

// Between tells whether what was read so far ends with a whole message, and all was
// handed out.
func (b *BatchReader) Between() bool { return b.at == len(b.buf) && !b.open }

// Next gives the messages that have arrived, and waits for one where there is
// none: at most count, and no more once they have size bytes. Their data are good
// until the next call.
//
// After the last message the error is io.EOF. Any other says what is wrong in the
// run, or is the body's own; nothing follows it. What stands before a fault was
// handed out, and nothing of what stands behind it.
func (b *BatchReader) Next(count, size int) ([]Frame, error) {
	var frames []Frame
	for got := 0; b.err == nil && len(frames) < count && got < size; {
		f, ok := b.parse()
		if ok {
			frames = append(frames, f)
			got += len(f.Data)
		} else if b.err == nil && (len(frames) > 0 || !b.fill()) {
			break
		}
	}
	if len(frames) > 0 {
		return frames, nil
	}
	return nil, b.err
}

// Last tells whether Next has nothing more to give but io.EOF, as far as is known.
func (b *BatchReader) Last() bool {
	return b.err == nil && errors.Is(b.done, io.EOF) && b.at == len(b.buf) && !b.open
}

// fill reads more of the body. At its end there is an error, and it is false.
func (b *BatchReader) fill() bool {
	if b.done != nil {
		b.err = b.ended()
		return false
	}
	rest := b.buf[b.at:]
	if size := b.size(rest); size != cap(b.buf) {
		b.buf = append(make([]byte, 0, size), rest...)
	} else if b.at > 0 {
		b.buf = b.buf[:copy(b.buf, rest)]
	}
	b.at = 0
	b.tell()
	n, err := b.body.Read(b.buf[len(b.buf):cap(b.buf)])
	b.buf = b.buf[:len(b.buf)+n]
	b.done = err
	return true
}

// size is how large the buffer is to be for what comes next, whose beginning is there.
// It grows when it is full, by so much that a body in small pieces is not copied for
// each of them.
func (b *BatchReader) size(rest []byte) int {
	now, frame := cap(b.buf), 0
	if h, n, err := ParseHeader(rest); err == nil && n > 0 {
		frame = n + int(h.Length)
	}
	switch {
	case len(rest) == now: // a body that is slow, or never comes, is not to cost more than it has sent
		return max(batchBuffer, min(frame, 2*now))
	case now > batchMost && frame <= batchMost: // and a large message is not to be paid for until the end
		return batchMost
	case len(b.buf) == now && now < batchMost: // there was more than it takes
		return min(2*now, batchMost)
	}
	return now
}

// ended says what it means that the body has ended.
func (b *BatchReader) ended() error {
	rest := b.buf[b.at:]
	switch _, n, _ := ParseHeader(rest); {
	case !errors.Is(b.done, io.EOF):
		return fmt.Errorf("%w: %w", ErrBodyBroken, b.done)
	case n > 0:
		return fmt.Errorf("at byte %d: a frame is cut off", b.count)
	case len(rest) > 0:
		return fmt.Errorf("at byte %d: a frame's header is cut off", b.count)
	case b.open:
		return errors.New("the last message is unfinished")
	}
	return io.EOF
}

// parse takes frames out of the buffer until a message is whole. Where more of
// the body is needed, ok is false.
func (b *BatchReader) parse() (f Frame, ok bool) {
	for {
		rest := b.buf[b.at:]
		h, n, err := ParseHeader(rest)
		if err == nil && len(rest) > 0 {
			err = b.judge(h, n > 0)
		}
		if err != nil {
			b.fail(err)
			return Frame{}, false
		}
		if n == 0 || h.Length > int64(len(rest)-n) {
			return Frame{}, false
		}
		end := n + int(h.Length)
		data := rest[n:end:end]
		if h.Masked {
			ws.Cipher(data, h.Mask, 0)
		}
		f, ok, err = b.take(h, data)
		if err != nil {
			b.fail(err)
			return Frame{}, false
		}
		b.at += end
		b.count += end
		if ok {
			return f, true
		}
	}
}

func (b *BatchReader) fail(err error) {
	b.err = err
	if !errors.Is(err, ErrMessageTooLarge) {
		b.err = fmt.Errorf("at byte %d: %w", b.count, err)
	}
}

// The ways in which a frame breaks a batch, besides those of ParseHeader.
var (
	errAfterClose  = errors.New("a frame follows the Close frame")
	errReserved    = errors.New("a frame has a reserved bit set")
	errCloseInside = errors.New("a Close frame follows a message that is unfinished")
	errNothing     = errors.New("a continuation frame continues nothing")
	errInside      = errors.New("a message begins inside another")
	errNotUTF8     = errors.New("a text message that ends here is not UTF-8")
)

// judge tells what is wrong with a frame by its header, as far as that is there.
func (b *BatchReader) judge(h Header, whole bool) error {
	size := h.Length
	switch {
	case b.closed:
		return errAfterClose
	case !whole:
		return nil
	case h.RSV != 0:
		return errReserved
	case h.Opcode == OpClose && b.open:
		return errCloseInside
	case h.Opcode.Control():
		return nil
	case h.Opcode == OpContinuation && !b.open:
		return errNothing
	case h.Opcode != OpContinuation && b.open:
		return errInside
	case h.Opcode == OpContinuation:
		size += int64(len(b.message.Data))
	}
	if size > int64(b.limit) {
		return ErrMessageTooLarge
	}
	return nil
}

// take takes one frame, and gives the message that it makes whole, if it does.
func (b *BatchReader) take(h Header, data []byte) (f Frame, whole bool, err error) {
	switch h.Opcode {
	case OpPing, OpPong:
		return Frame{}, false, nil
	case OpClose:
		code, reason, err := ParseClosePayload(data)
		if err == nil {
			err = CheckClose(code, reason)
		}
		b.closed = err == nil
		return Frame{Kind: Close, Code: code, Data: reason}, b.closed, err
	case OpContinuation:
		b.message.Data = append(b.message.Data, data...)
	case OpText:
		b.message = Frame{Kind: Text, Data: data}
	case OpBinary:
		b.message = Frame{Kind: Binary, Data: data}
	}
	if !h.Fin {
		if !b.open { // it outlives the buffer that it lies in
			b.message.Data = bytes.Clone(data)
		}
		b.open = true
		return Frame{}, false, nil
	}
	f, b.message, b.open = b.message, Frame{}, false
	if f.Kind == Text && !utf8.Valid(f.Data) {
		return Frame{}, false, errNotUTF8
	}
	return f, true, nil
}
