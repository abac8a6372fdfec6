package test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// hostile is a target that opens every WebSocket, agrees to compress, and then sends what
// it likes. The test's end closes it.
func hostile(t *testing.T, send func(c net.Conn)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r, err := http.ReadRequest(bufio.NewReader(c))
				if err != nil {
					return
				}
				sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
					base64.StdEncoding.EncodeToString(sum[:])+
					"\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n\r\n")
				send(c)
				_, _ = io.Copy(io.Discard, c)
			}()
		}
	}()
	return "ws://" + l.Addr().String()
}

// framed is one frame, whose first byte is given.
func framed(first byte, payload []byte) []byte {
	n := len(payload)
	head := []byte{first, 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	switch {
	case n < 126:
		head = []byte{first, byte(n)}
	case n < 1<<16:
		head = []byte{first, 126, byte(n >> 8), byte(n)}
	}
	return append(head, payload...)
}

// silent sends nothing.
func silent(net.Conn) {}

// floods sends messages of 1 MiB, as long as they are taken.
func floods(c net.Conn) {
	m := framed(0x82, make([]byte, 1<<20))
	for {
		if _, err := c.Write(m); err != nil {
			return
		}
	}
}

// bombs sends some kilobytes that inflate to 16 MiB.
func bombs(c net.Conn) { _, _ = c.Write(bomb()) }

var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	_, _ = w.Write(make([]byte, 16<<20))
	_ = w.Flush()
	return framed(0xc2, bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff")))
})

// fragmented sends one message in fragments of nothing.
func fragmented(c net.Conn) {
	_, _ = c.Write(append(framed(0x01, nil), bytes.Repeat(framed(0x00, nil), 100_000)...))
}
