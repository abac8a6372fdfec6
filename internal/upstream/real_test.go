package upstream_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/internal/wire"
)

func serve(t testing.TB, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

// A server of another make, in every mode of compression that it has.
func TestRealEcho(t *testing.T) {
	for _, mode := range []websocket.CompressionMode{
		websocket.CompressionDisabled, websocket.CompressionContextTakeover, websocket.CompressionNoContextTakeover,
	} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			u := target(t, serve(t, echo(&websocket.AcceptOptions{CompressionMode: mode, CompressionThreshold: 1, Subprotocols: []string{"b"}})))
			c, err := dialer().Dial(context.Background(), upstream.Request{Target: u, Protocols: []string{"a", "b"}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Abort()
			if c.Protocol() != "b" {
				t.Errorf("the subprotocol is %q", c.Protocol())
			}
			r := record(t)
			c.Start(r)
			for _, text := range []string{"", "x", rep(1000), strings.Repeat("grüße ", 50_000), string(noise(300_000)), rep(2 << 20)} {
				kind := wire.Binary
				if len(text)%2 == 0 && text == strings.ToValidUTF8(text, "") {
					kind = wire.Text
				}
				if _, err := c.Send(kind, []byte(text), false); err != nil {
					t.Fatal(err)
				}
				if f := receive(t, r.messages); f.Kind != kind || string(f.Data) != text {
					t.Fatalf("%d bytes came back as %d", len(text), len(f.Data))
				}
				r.next()
			}
			c.Close(4000, []byte("enough"))
			r.expect("closed 4000 enough")
		})
	}
}

// A message that its sender writes in fragments.
func TestRealFragments(t *testing.T) {
	for _, mode := range []websocket.CompressionMode{websocket.CompressionDisabled, websocket.CompressionContextTakeover} {
		u := target(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: mode, CompressionThreshold: 1})
			if err != nil {
				return
			}
			defer conn.CloseNow()
			writer, _ := conn.Writer(r.Context(), websocket.MessageText)
			for range 100 {
				writer.Write([]byte(strings.Repeat("part ", 2000)))
			}
			writer.Close()
			conn.Close(websocket.StatusGoingAway, "done")
		})))
		c, r := dial(t, dialer(), u), record(t)
		c.Start(r)
		if got := receive(t, r.messages); string(got.Data) != strings.Repeat("part ", 200_000) {
			t.Errorf("%d bytes came", len(got.Data))
		}
		r.expect("text of 1000000 bytes", "closed 1001 done")
	}
}

// locked is a handler with one lock around everything, as a session has.
type locked struct {
	*recorder
	mu   sync.Mutex
	conn *upstream.Conn
	full bool
	got  int
}

func (l *locked) OnMessage(f wire.Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got++
	if l.got%7 == 0 {
		l.conn.Pause()
		go func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.conn.Resume()
		}()
	}
}

func (l *locked) OnWritable() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.full = false
	l.writable <- struct{}{}
}

func (l *locked) OnClosed(code wire.CloseCode, reason []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recorder.OnClosed(code, reason)
}

// A caller may hold, during every method, the lock that its handler takes.
func TestLocks(t *testing.T) {
	u := target(t, serve(t, echo(nil)))
	for round := range 8 {
		c := dial(t, dialer(), u)
		l := &locked{recorder: record(t), conn: c}
		c.Start(l)
		data := []byte(rep(100_000))
		for range 30 {
			l.mu.Lock()
			full, err := c.Send(wire.Text, data, false)
			l.full = full
			l.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			if full {
				receive(t, l.writable)
			}
		}
		l.mu.Lock()
		if round%2 == 0 {
			c.Abort()
		} else {
			c.Close(wire.CloseNormal, nil)
		}
		l.mu.Unlock()
		if round%2 == 0 {
			l.expect("closed 1006")
		} else {
			l.expect("closed 1000")
			if l.got != 30 {
				t.Errorf("%d messages came back", l.got)
			}
		}
	}
}

// Abort is for every state, and twice.
func TestAbort(t *testing.T) {
	u := target(t, serve(t, echo(nil)))
	never := dial(t, dialer(), u)
	never.Abort()
	never.Abort()

	late, r := dial(t, dialer(), u), record(t)
	late.Abort()
	late.Start(r)
	r.expect("closed 1006")

	// A borrowed writer and a reader at once.
	r = record(t)
	c := dial(t, dialer(), rude(t, func(p *peer) { p.send(p.answer()); <-r.ended }))
	c.Start(r)
	if full, _ := c.Send(wire.Binary, noise(16<<20), false); !full {
		t.Error("not full")
	}
	c.Abort()
	r.expect("closed 1006")
	if len(r.writable) > 0 {
		t.Error("writable, though it was aborted")
	}
	if _, err := c.Send(wire.Text, nil, false); err == nil {
		t.Error("Send takes something after Abort")
	}
}

// What is sent before Start fills as well, and its OnWritable is not lost.
func TestWritableBeforeStart(t *testing.T) {
	sent, read := make(chan struct{}), make(chan struct{})
	u := rude(t, func(p *peer) { p.send(p.answer()); <-sent; p.message(); close(read); p.end() })
	c, r := dial(t, dialer(), u), record(t)
	if full, err := c.Send(wire.Binary, noise(16<<20), false); !full || err != nil {
		t.Fatalf("full is %v, %v", full, err)
	}
	close(sent)
	receive(t, read)
	c.Start(r)
	receive(t, r.writable)
	c.Close(wire.CloseNormal, nil)
	r.expect("closed 1006")
}

// While closing, messages still come; and the target's own Close ends it.
func TestCloseHandshake(t *testing.T) {
	u := rude(t, func(p *peer) {
		p.send(p.answer())
		h, payload, err := p.read()
		if err != nil || h.Opcode != wire.OpClose || string(payload) != "\x0f\xa1why" {
			t.Errorf("got %+v %q %v", h, payload, err)
		}
		p.send(frame(wire.OpText, "still") + frame(wire.OpPing, "there?") + closeFrame(4002, "mine"))
		p.CloseWrite()
		if got := p.end(); len(got) != 1 || got[0] != "pong there?" {
			t.Errorf("after our Close the target saw %q", got)
		}
	})
	c, r := dial(t, dialer(), u), record(t)
	c.Start(r)
	c.Close(4001, []byte("why"))
	r.expect("text still", "closed 4002 mine")
}
