package wire

import (
	"encoding/binary"
	"errors"
)

// Opcode is what an RFC 6455 frame is, §5.2.
type Opcode byte

// The opcodes of RFC 6455; the others are reserved.
const (
	OpContinuation Opcode = 0x0
	OpText         Opcode = 0x1
	OpBinary       Opcode = 0x2
	OpClose        Opcode = 0x8
	OpPing         Opcode = 0x9
	OpPong         Opcode = 0xA
)

// Control tells whether frames of the opcode are control frames.
func (o Opcode) Control() bool { return o&0x8 != 0 }

// Known tells whether RFC 6455 defines the opcode.
func (o Opcode) Known() bool { return o <= OpBinary || o >= OpClose && o <= OpPong }

// The first byte of a frame.
const (
	bitFin  = 0x80
	bitRSV1 = 0x40
	bitsRSV = 0x70
)

// MaxControlPayload is the most that a control frame may carry, in bytes.
const MaxControlPayload = 125

// MaxHeader is the longest frame header, in bytes.
const MaxHeader = 14

// A Header is the header of an RFC 6455 frame, §5.2:
//
//	 0               1               2               3
//	+-+-+-+-+-------+-+-------------+-------------------------------+
//	|F|R|R|R| opcode|M| length (7)  | extended length (16 or 64)    |
//	|I|S|S|S|  (4)  |A|             | where length is 126 or 127    |
//	|N|V|V|V|       |S|             |                               |
//	| |1|2|3|       |K|             | masking key (32) where MASK   |
//	+-+-+-+-+-------+-+-------------+-------------------------------+
type Header struct {
	Fin    bool
	RSV    byte // the three reserved bits, as they stand in the first byte
	Opcode Opcode
	Masked bool
	Mask   [4]byte
	Length int64
}

// Compressed tells whether RSV1 is set: the first frame of a message that
// permessage-deflate compressed, RFC 7692 §6.
func (h Header) Compressed() bool { return h.RSV&bitRSV1 != 0 }

// The ways in which a header breaks RFC 6455.
var (
	errLengthSign    = errors.New("a frame's length has its highest bit set")
	errLengthMinimal = errors.New("a frame's length is not in its shortest form")
	errOpcode        = errors.New("a frame has a reserved opcode")
	errControlSize   = errors.New("a control frame has more than 125 bytes")
	errControlFin    = errors.New("a control frame is fragmented")
)

// ParseHeader reads a header from the start of p and tells how many bytes it
// took. 0 and no error mean that p does not hold all of it yet. What breaks
// RFC 6455 whatever came before is an error: a length that is not minimal or
// negative, a reserved opcode, a control frame that is long or fragmented.
// Reserved bits and masking depend on the connection, and are the caller's.
func ParseHeader(p []byte) (h Header, n int, err error) {
	if len(p) < 2 {
		return h, 0, nil
	}
	h.Fin = p[0]&bitFin != 0
	h.RSV = p[0] & bitsRSV
	h.Opcode = Opcode(p[0] & 0x0f)
	h.Masked = p[1]&0x80 != 0
	h.Length = int64(p[1] & 0x7f)
	if !h.Opcode.Known() {
		return h, 0, errOpcode
	}
	if h.Opcode.Control() {
		if h.Length > MaxControlPayload {
			return h, 0, errControlSize
		}
		if !h.Fin {
			return h, 0, errControlFin
		}
	}
	n = 2
	switch h.Length {
	case 126:
		if len(p) < n+2 {
			return h, 0, nil
		}
		h.Length = int64(binary.BigEndian.Uint16(p[n:]))
		n += 2
		if h.Length < 126 {
			return h, 0, errLengthMinimal
		}
	case 127:
		if len(p) < n+8 {
			return h, 0, nil
		}
		v := binary.BigEndian.Uint64(p[n:])
		n += 8
		if v>>63 != 0 {
			return h, 0, errLengthSign
		}
		if v < 1<<16 {
			return h, 0, errLengthMinimal
		}
		h.Length = int64(v)
	}
	if h.Masked {
		if len(p) < n+4 {
			return h, 0, nil
		}
		n += copy(h.Mask[:], p[n:])
	}
	return h, n, nil
}

// AppendHeader appends the header to dst, its length in the shortest form.
func AppendHeader(dst []byte, h Header) []byte {
	first := byte(h.Opcode) | h.RSV
	if h.Fin {
		first |= bitFin
	}
	var mask byte
	if h.Masked {
		mask = 0x80
	}
	switch {
	case h.Length < 126:
		dst = append(dst, first, mask|byte(h.Length))
	case h.Length < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, first, mask|126), uint16(h.Length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, first, mask|127), uint64(h.Length))
	}
	if h.Masked {
		dst = append(dst, h.Mask[:]...)
	}
	return dst
}
