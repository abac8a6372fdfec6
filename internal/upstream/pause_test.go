package upstream_test

import (
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/internal/wire"
)

// pauser pauses from inside OnMessage.
type pauser struct {
	*recorder
	conn *upstream.Conn
	once sync.Once
}

func (p *pauser) OnMessage(f wire.Frame) {
	p.once.Do(p.conn.Pause)
	p.recorder.OnMessage(f)
}

// Pausing stops reading, so that the target's own writes block; and resuming
// goes on without loss.
func TestPause(t *testing.T) {
	const most = 1 << 10
	blocked, resumed := make(chan int, 1), make(chan struct{})
	u := rude(t, func(p *peer) {
		p.send(p.answer())
		// Whole messages until nothing goes through for a while; the rest of the
		// one that was cut, later.
		sent, message := 0, frame(wire.OpBinary, string(noise(64<<10)))
		for ; sent < most; sent++ {
			p.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
			n, err := p.Write([]byte(message))
			if err == nil {
				continue
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			blocked <- sent + 1
			<-resumed
			p.SetWriteDeadline(time.Now().Add(patience))
			p.send(message[n:])
			sent++
			break
		}
		if sent == most {
			t.Error("nothing blocked")
			blocked <- most
		}
		p.send(closeFrame(1000, ""))
		p.end()
	})
	c, r := dial(t, dialer(), u), record(t)
	c.Start(&pauser{recorder: r, conn: c})
	sent := receive(t, blocked)
	if got := len(r.messages); got != 1 {
		t.Errorf("%d messages came while paused, want the one that was under way", got)
	}
	close(resumed)
	c.Resume()
	want := string(noise(64 << 10))
	for range sent {
		if string(receive(t, r.messages).Data) != want {
			t.Fatal("the bytes are others")
		}
		r.next()
	}
	r.expect("closed 1000")
}

// A paused Conn hears nothing, but it can be ended.
func TestPausedEnds(t *testing.T) {
	for name, end := range map[string]func(c *upstream.Conn){
		"abort": func(c *upstream.Conn) { c.Abort() },
		"close": func(c *upstream.Conn) { c.Close(wire.CloseNormal, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			u := rude(t, func(p *peer) {
				p.send(p.answer() + frame(wire.OpText, "a") + frame(wire.OpText, "b") + closeFrame(1000, ""))
				p.end()
			})
			d := dialer()
			d.CloseTimeout = 50 * time.Millisecond
			c, r := dial(t, d, u), record(t)
			c.Start(&pauser{recorder: r, conn: c})
			r.expect("text a")
			end(c)
			r.expect("closed 1006")
			c.Abort()
			c.Resume()
		})
	}
}

// A paused Conn whose target is gone does not see it; a Send that fails tells it,
// and OnClosed comes when the target has had its time.
func TestSendFailsWhilePaused(t *testing.T) {
	gone := make(chan struct{})
	u := rude(t, func(p *peer) {
		p.send(p.answer())
		p.SetLinger(0)
		p.Close() // a reset
		close(gone)
	})
	d := dialer()
	d.CloseTimeout = 50 * time.Millisecond
	c, r := dial(t, d, u), record(t)
	c.Pause()
	c.Start(r)
	receive(t, gone)
	for {
		if _, err := c.Send(wire.Text, []byte("x"), false); err != nil {
			break
		}
	}
	r.expect("closed 1006")
}
