package lossless

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"
)

// Frames of /x are read as section 3.2 of the protocol has them, and everything else is refused.
func TestReadFrame(t *testing.T) {
	for _, test := range []struct {
		bytes string
		want  Message
		beat  bool
		err   error
	}{
		{bytes: "\x81\x05hello", want: Message{Kind: Text, Data: []byte("hello")}},
		{bytes: "\x82\x00", want: Message{Kind: Binary}},
		{bytes: "\x82\x7e\x00\x7e" + string(make([]byte, 126)), want: Message{Kind: Binary, Data: make([]byte, 126)}},
		{bytes: "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + string(make([]byte, 1<<16)), want: Message{Kind: Binary, Data: make([]byte, 1<<16)}},
		{bytes: "\x89\x041234", beat: true},
		{bytes: "\x88\x00", want: Message{Kind: Close, Code: 1005, Clean: true}},
		{bytes: "\x88\x02\x03\xee", want: Message{Kind: Close, Code: 1006}},
		{bytes: "\x88\x06\x03\xe8done", want: Message{Kind: Close, Code: 1000, Reason: "done", Clean: true}},
		{bytes: "", err: io.EOF},
		{bytes: "\x81", err: errInside},
		{bytes: "\x81\x05hell", err: errInside},
		{bytes: "\x82\x7e\x00", err: errInside},
		{bytes: "\x81\x85\x00\x00\x00\x00hello", err: errFrame},
		{bytes: "\x01\x05hello", err: errFrame},
		{bytes: "\xc1\x05hello", err: errFrame},
		{bytes: "\x89\x00", err: errFrame},
		{bytes: "\x88\x01x", err: errFrame},
	} {
		m, beat, err := readFrame(bufio.NewReader(bytes.NewReader([]byte(test.bytes))))
		if !errors.Is(err, test.err) || err == nil && (beat != test.beat || m.Kind != test.want.Kind || !bytes.Equal(m.Data, test.want.Data) ||
			m.Code != test.want.Code || m.Reason != test.want.Reason || m.Clean != test.want.Clean) {
			t.Errorf("%.20q is %v %t %v", test.bytes, m, beat, err)
		}
	}
}
