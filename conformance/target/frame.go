package target

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// The opcodes of RFC 6455, section 5.2.
const (
	OpContinuation = 0x0
	OpText         = 0x1
	OpBinary       = 0x2
	OpClose        = 0x8
	OpPing         = 0x9
	OpPong         = 0xA
)

// Frame is one RFC 6455 frame. The zero Frame is an unfinished, empty, unmasked continuation.
type Frame struct {
	Fin     bool
	RSV     byte // the three reserved bits, as 0x70
	Opcode  byte
	Masked  bool
	Mask    [4]byte
	Payload []byte // unmasked
}

// Append appends the frame's bytes to b, its length in its shortest form.
func (f Frame) Append(b []byte) []byte {
	first := f.RSV&0x70 | f.Opcode&0x0F
	if f.Fin {
		first |= 0x80
	}
	var mask byte
	if f.Masked {
		mask = 0x80
	}
	b = append(b, first)
	switch n := len(f.Payload); {
	case n < 126:
		b = append(b, mask|byte(n))
	case n < 1<<16:
		b = append(b, mask|126)
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b = append(b, mask|127)
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	if !f.Masked {
		return append(b, f.Payload...)
	}
	b = append(b, f.Mask[:]...)
	for i, c := range f.Payload {
		b = append(b, c^f.Mask[i&3])
	}
	return b
}

// Text returns a whole, unmasked text message.
func Text(s string) []byte { return Frame{Fin: true, Opcode: OpText, Payload: []byte(s)}.Append(nil) }

// Binary returns a whole, unmasked binary message.
func Binary(p []byte) []byte { return Frame{Fin: true, Opcode: OpBinary, Payload: p}.Append(nil) }

// Part returns an unmasked frame of a message of several: the first has its opcode, the others OpContinuation, the
// last has fin.
func Part(op byte, fin bool, s string) []byte {
	return Frame{Fin: fin, Opcode: op, Payload: []byte(s)}.Append(nil)
}

// Close returns a Close frame; code 0 makes an empty one.
func Close(code int, reason string) []byte {
	f := Frame{Fin: true, Opcode: OpClose}
	if code != 0 {
		f.Payload = append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
	}
	return f.Append(nil)
}

// read reads one frame as the server of a WebSocket does. A frame longer than limit is an error.
func read(r *bufio.Reader, limit uint64) (f Frame, err error) {
	var head [2]byte
	if _, err = io.ReadFull(r, head[:]); err != nil {
		return f, err
	}
	f.Fin, f.RSV, f.Opcode = head[0]&0x80 != 0, head[0]&0x70, head[0]&0x0F
	f.Masked = head[1]&0x80 != 0
	n := uint64(head[1] & 0x7F)
	var ext [8]byte
	switch n {
	case 126:
		_, err = io.ReadFull(r, ext[6:])
		n = binary.BigEndian.Uint64(ext[:])
	case 127:
		_, err = io.ReadFull(r, ext[:])
		n = binary.BigEndian.Uint64(ext[:])
	}
	if err != nil {
		return f, err
	}
	if n > limit {
		return f, fmt.Errorf("a frame of %d bytes", n)
	}
	if f.Masked {
		if _, err = io.ReadFull(r, f.Mask[:]); err != nil {
			return f, err
		}
	}
	f.Payload = make([]byte, n)
	if _, err = io.ReadFull(r, f.Payload); err != nil {
		return f, err
	}
	if f.Masked {
		for i := range f.Payload {
			f.Payload[i] ^= f.Mask[i&3]
		}
	}
	return f, nil
}
