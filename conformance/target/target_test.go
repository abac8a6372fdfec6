package target_test

import (
	"context"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/polysocket/polysocket/conformance/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dial(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

func TestRecord(t *testing.T) {
	t.Parallel()
	tg := target.New(t, target.Options{Choose: "b"})
	c := dial(t, tg.URL+"/path?x=1")
	conn := tg.Accept()
	if got := conn.Request.RequestURI; got != "/path?x=1" {
		t.Errorf("RequestURI %q", got)
	}
	if got := c.Subprotocol(); got != "b" {
		t.Errorf("subprotocol %q", got)
	}
	c.Write(t.Context(), websocket.MessageText, []byte("hello"))
	c.Write(t.Context(), websocket.MessageBinary, []byte{1, 2})
	conn.Saw("text hello", "binary \x01\x02")
	conn.Quiet(20 * time.Millisecond)
	conn.Text("one")
	if _, p, err := c.Read(t.Context()); err != nil || string(p) != "one" {
		t.Errorf("read %q, %v", p, err)
	}
	c.Close(4000, "bye")
	conn.Saw("close 4000 bye", "end")
}

func TestStall(t *testing.T) {
	t.Parallel()
	tg := target.New(t, target.Options{Stalled: true})
	c := dial(t, tg.URL)
	conn := tg.Accept()
	c.Write(t.Context(), websocket.MessageText, []byte("hello"))
	conn.Quiet(50 * time.Millisecond)
	conn.Resume()
	conn.Saw("text hello")
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	tg := target.New(t, target.Options{Refuse: target.Status(403, "")})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, resp, err := websocket.Dial(ctx, tg.URL, nil)
	if err == nil || resp == nil || resp.StatusCode != 403 {
		t.Errorf("dial: %v %v", resp, err)
	}
}
