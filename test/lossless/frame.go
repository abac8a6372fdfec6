package lossless

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
)

// RFC 6455, section 5.2.
const (
	fin    = 0x80
	masked = 0x80

	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

// appendFrames appends a message as frames in a form that is drawn: in one or in fragments, masked or not, with pings
// and pongs between.
func appendFrames(r *rand.Rand, b []byte, m Message) []byte {
	if m.Kind == Close {
		var payload []byte
		if m.Code != 0 {
			payload = append(binary.BigEndian.AppendUint16(nil, uint16(m.Code)), m.Reason...)
		}
		return appendFrame(r, b, fin|opClose, payload)
	}
	op := byte(opText)
	if m.Kind == Binary {
		op = opBinary
	}
	fragments := 1
	if r.IntN(8) == 0 {
		fragments = 2 + r.IntN(3)
	}
	for i := range fragments {
		if r.IntN(16) == 0 {
			b = appendFrame(r, b, fin|[]byte{opPing, opPong}[r.IntN(2)], []byte("ignored"))
		}
		first := op
		if i == fragments-1 {
			first |= fin
		}
		b = appendFrame(r, b, first, m.Data[i*len(m.Data)/fragments:(i+1)*len(m.Data)/fragments])
		op = opContinuation
	}
	return b
}

func appendFrame(r *rand.Rand, b []byte, first byte, payload []byte) []byte {
	var mask byte
	if r.IntN(2) == 0 {
		mask = masked
	}
	b = append(b, first)
	switch size := len(payload); {
	case size < 126:
		b = append(b, mask|byte(size))
	case size < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(size))
	default:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), uint64(size))
	}
	if mask == 0 {
		return append(b, payload...)
	}
	key := binary.LittleEndian.AppendUint32(nil, r.Uint32())
	b = append(b, key...)
	for i, c := range payload {
		b = append(b, c^key[i%4])
	}
	return b
}

// readFrame reads a message of /x, or a heartbeat. io.EOF is an end between two.
func readFrame(r *bufio.Reader) (m Message, beat bool, err error) {
	var head [2]byte
	if head[0], err = r.ReadByte(); err != nil {
		return m, false, err
	}
	if head[1], err = r.ReadByte(); err != nil {
		return m, false, inside(err)
	}
	size := uint64(head[1])
	switch {
	case head[1]&masked != 0:
		return m, false, fmt.Errorf("%w: it is masked: %x", errFrame, head)
	case size >= 126:
		long := make([]byte, map[uint64]int{126: 2, 127: 8}[size])
		if err := full(r, long); err != nil {
			return m, false, err
		}
		size = 0
		for _, c := range long {
			size = size<<8 | uint64(c)
		}
	}
	payload := make([]byte, min(size, 32<<20))
	if err := full(r, payload); err != nil {
		return m, false, err
	}
	switch op := head[0]; {
	case op == fin|opText:
		return Message{Kind: Text, Data: payload}, false, nil
	case op == fin|opBinary:
		return Message{Kind: Binary, Data: payload}, false, nil
	case op == fin|opPing && size == 4:
		return m, true, nil
	case op == fin|opClose && size == 0:
		return Message{Kind: Close, Code: 1005, Clean: true}, false, nil
	case op == fin|opClose && size >= 2:
		code := int(binary.BigEndian.Uint16(payload))
		return Message{Kind: Close, Code: code, Reason: string(payload[2:]), Clean: code != 1006}, false, nil
	default:
		return m, false, fmt.Errorf("%w: %x", errFrame, head)
	}
}

// full is io.ReadFull, which has no word of its own for an end of r's.
func full(r io.Reader, b []byte) error {
	for len(b) > 0 {
		n, err := r.Read(b)
		b = b[n:]
		if err != nil && len(b) > 0 {
			return inside(err)
		}
	}
	return nil
}

// inside makes of an end inside a frame what it is: a connection that broke has another error.
func inside(err error) error {
	if errors.Is(err, io.EOF) {
		return errInside
	}
	return err
}

var errFrame = errors.New("a frame that is none of /x")
