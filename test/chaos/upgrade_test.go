package chaos

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/coder/websocket"
)

const handshake = "GET / HTTP/1.1\nHost: x\nConnection: keep-alive, Upgrade\nUpgrade: WebSocket\n" +
	"Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n"

// Handshakes are refused, also behind other requests, which are served.
func TestRefuseUpgrade(t *testing.T) {
	for _, status := range []int{403, 400} {
		p := before(t, echo(), RefuseUpgrade(status))
		if _, response, err := open(t, p); err == nil || response == nil || response.StatusCode != status {
			t.Errorf("got %v %v, want %d", response, err, status)
		}
		c := dial(t, p)
		c.gets("/", "plain")
		c.gets("/", "plain")
		c.send(handshake)
		if got := c.response("GET").StatusCode; got != status {
			t.Errorf("got %d, want %d", got, status)
		}
	}
}

// A handshake gets no answer, for as long as the client likes.
func TestHangUpgrade(t *testing.T) {
	p := before(t, echo(), HangUpgrade{})
	c := dial(t, p)
	c.gets("/", "plain")
	c.send(handshake)
	// There is nothing to wait for: that no answer comes while another connection is served must do.
	dial(t, p).gets("/", "plain")
	if err := c.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if b, err := c.r.ReadByte(); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("got %q %v", b, err)
	}
}

// It works until it breaks; plain requests go on.
func TestKillUpgraded(t *testing.T) {
	p := before(t, echo(), KillUpgraded(300*time.Millisecond))
	c, _, err := open(t, p)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, data, err := c.Read(ctx); err == nil || ctx.Err() != nil || websocket.CloseStatus(err) != -1 {
		t.Errorf("got %q %v, want a connection that breaks", data, err)
	}
	dial(t, p).gets("/", "plain")
}

func TestUpgradePasses(t *testing.T) {
	for name, faults := range map[string][]Fault{
		"none": nil, "long life": {KillUpgraded(time.Hour)}, "hold": {Hold{}}, "chain": {Slice(3), Hold{}, Delay(time.Microsecond), KillUpgraded(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			p := before(t, echo(), faults...)
			c, _, err := open(t, p)
			if err != nil {
				t.Fatal(err)
			}
			said(t, c, "hello")
			said(t, c, "again")
			if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
				t.Error(err)
			}
		})
	}
}
