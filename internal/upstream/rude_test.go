package upstream_test

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/internal/wire"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// A peer is the target's side of one connection, in the hands of a script.
type peer struct {
	testing.TB
	*net.TCPConn
	in      *bufio.Reader
	request *http.Request
}

// rude runs a target that does what the script says to each connection, and
// answers its URL. The request is read already. The test does not end before
// the scripts have.
func rude(t testing.TB, script func(p *peer)) *url.URL {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var scripts sync.WaitGroup
	scripts.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			scripts.Go(func() {
				defer conn.Close()
				p := &peer{TB: t, TCPConn: conn.(*net.TCPConn), in: bufio.NewReader(conn)}
				p.SetDeadline(time.Now().Add(patience))
				if p.request, err = http.ReadRequest(p.in); err == nil {
					script(p)
				}
			})
		}
	})
	t.Cleanup(func() { listener.Close(); scripts.Wait() })
	return target(t, "ws://"+listener.Addr().String()+"/")
}

func target(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := wire.ParseTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// answer is a 101 to the peer's request, with more header lines.
func (p *peer) answer(more ...string) string {
	sum := sha1.Sum([]byte(p.request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	lines := append([]string{
		"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]),
	}, more...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

func (p *peer) send(s string) {
	p.Helper()
	if _, err := io.WriteString(p, s); err != nil {
		p.Errorf("the target cannot send: %v", err)
	}
}

// read reads one frame of ours, which must be masked.
func (p *peer) read() (wire.Header, []byte, error) {
	for n := 2; ; n++ {
		head, err := p.in.Peek(n)
		if err != nil {
			return wire.Header{}, nil, err
		}
		h, used, err := wire.ParseHeader(head)
		if err != nil {
			return h, nil, err
		}
		if used == 0 {
			continue
		}
		if !h.Masked || h.RSV != 0 {
			return h, nil, errors.New("a frame of ours is not masked, or has a reserved bit set")
		}
		p.in.Discard(used)
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(p.in, payload); err != nil {
			return h, nil, err
		}
		for i := range payload {
			payload[i] ^= h.Mask[i%4]
		}
		return h, payload, nil
	}
}

// message reads one whole message of ours, and passes over control frames.
func (p *peer) message() (text string) {
	p.Helper()
	for first := true; ; {
		h, payload, err := p.read()
		if err != nil {
			p.Errorf("the target waited for a message: %v", err)
			return text
		}
		if h.Opcode.Control() {
			continue
		}
		if first == (h.Opcode == wire.OpContinuation) {
			p.Errorf("opcode %v, first frame: %v", h.Opcode, first)
		}
		first = false
		text += string(payload)
		if h.Fin {
			return text
		}
	}
}

// end reads to the end of the connection and tells what came on the way.
func (p *peer) end() (seen []string) {
	for {
		h, payload, err := p.read()
		if err != nil {
			return seen
		}
		switch h.Opcode {
		case wire.OpClose:
			code, reason, err := wire.ParseClosePayload(payload)
			if err != nil {
				p.Error(err)
			}
			seen = append(seen, strings.TrimSpace(fmt.Sprintf("close %d %s", code, reason)))
			// The server closes first, RFC 6455 §7.1.1, and then hears that we do.
			p.CloseWrite()
		case wire.OpPong:
			seen = append(seen, "pong "+string(payload))
		default:
			seen = append(seen, "frame "+string(payload))
		}
	}
}

// frame is a whole frame from a server.
func frame(op wire.Opcode, payload string) string { return raw(0x80|byte(op), payload) }

// part is one that is not the last of its message.
func part(op wire.Opcode, payload string) string { return raw(byte(op), payload) }

func raw(first byte, payload string) string {
	h := wire.AppendHeader(nil, wire.Header{Opcode: wire.Opcode(first & 0xf), Length: int64(len(payload))})
	h[0] = first
	return string(h) + payload
}

func closeFrame(code wire.CloseCode, reason string) string {
	return frame(wire.OpClose, string(wire.AppendClosePayload(nil, code, []byte(reason))))
}

// dialer dials anything and is in no hurry, other than the test wants.
func dialer() *upstream.Dialer {
	return &upstream.Dialer{Guard: upstream.OpenGuard(), Timeout: patience, CloseTimeout: patience}
}

func dial(t testing.TB, d *upstream.Dialer, u *url.URL) *upstream.Conn {
	t.Helper()
	c, err := d.Dial(context.Background(), upstream.Request{Target: u})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Abort)
	return c
}
