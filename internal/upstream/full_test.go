package upstream_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// A target that does not read fills the Conn, never blocks it, and gets every
// byte when it reads again.
func TestSendToSlowReader(t *testing.T) {
	data := noise(16 << 20)
	read, got := make(chan struct{}), make(chan [sha256.Size]byte, 1)
	u := rude(t, func(p *peer) {
		p.send(p.answer())
		<-read
		sum, all := sha256.New(), 0
		for {
			h, payload, err := p.read()
			if err != nil {
				t.Errorf("after %d bytes: %v", all, err)
				break
			}
			sum.Write(payload)
			if all += len(payload); h.Fin {
				break
			}
		}
		got <- [sha256.Size]byte(sum.Sum(nil))
		p.end()
	})
	c, r := dial(t, dialer(), u), record(t)
	c.Start(r)
	full, err := c.Send(wire.Binary, data, false)
	if err != nil || !full {
		t.Fatalf("full is %v, %v", full, err)
	}
	select {
	case <-r.writable:
		t.Error("writable, and nobody has read")
	default:
	}
	close(read)
	receive(t, r.writable)
	if receive(t, got) != sha256.Sum256(data) {
		t.Error("the bytes are others")
	}
	// Nothing is owed any more, and sending goes on.
	if full, err = c.Send(wire.Text, []byte("on"), false); full || err != nil {
		t.Errorf("full is %v, %v", full, err)
	}
}

// Every Send that says full is followed by OnWritable, over and over.
func TestSendUntilFull(t *testing.T) {
	const rounds = 5
	var want bytes.Buffer
	got := make(chan []byte, 1)
	next := make(chan struct{})
	defer close(next)
	u := rude(t, func(p *peer) {
		p.send(p.answer())
		var all []byte
		for range rounds {
			<-next
			all = append(all, p.message()...)
		}
		got <- all
		p.end()
	})
	c, r := dial(t, dialer(), u), record(t)
	c.Start(r)
	piece := noise(100_000)
	for i := range rounds {
		more := true
		for full := false; !full; {
			want.Write(piece[i:])
			var err error
			if full, err = c.Send(wire.Binary, piece[i:], more); err != nil {
				t.Fatal(err)
			}
		}
		next <- struct{}{}
		receive(t, r.writable)
		if full, err := c.Send(wire.Binary, nil, false); err != nil {
			t.Fatal(err)
		} else if full {
			receive(t, r.writable)
		}
	}
	if !bytes.Equal(receive(t, got), want.Bytes()) {
		t.Error("the bytes are others")
	}
}

// As many pings as may come at once, from a target that does not read our pongs, are
// answered with the newest one, and keep nothing else.
func TestPingFlood(t *testing.T) {
	const flood = 900 // and one
	flooded, pongs := make(chan struct{}), make(chan []string, 1)
	u := rude(t, func(p *peer) {
		p.send(p.answer())
		p.send(strings.Repeat(frame(wire.OpPing, "old"), flood))
		p.send(frame(wire.OpPing, "newest") + frame(wire.OpText, "flooded"))
		<-flooded
		p.message()
		pongs <- p.end()
	})
	c, r := dial(t, dialer(), u), record(t)
	if full, err := c.Send(wire.Binary, noise(16<<20), false); !full || err != nil {
		t.Fatalf("full is %v, %v", full, err)
	}
	c.Start(r)
	r.expect("text flooded")
	close(flooded)
	receive(t, r.writable)
	c.Close(wire.CloseNormal, nil)
	r.expect("closed 1006") // this target does not answer, it hangs up
	got := receive(t, pongs)
	if len(got) != 2 || got[0] != "pong newest" || got[1] != "close 1000" {
		t.Errorf("the target saw %d frames, first %q", len(got), got[:min(3, len(got))])
	}
}

// Writes that fail do not end the reading: what the target said last is heard.
func TestSendFails(t *testing.T) {
	reset := make(chan struct{})
	u := rude(t, func(p *peer) {
		p.send(p.answer() + frame(wire.OpText, "last words") + closeFrame(1001, "gone"))
		p.SetLinger(0) // a reset, with our bytes unread
		p.in.Peek(1)
		p.Close()
		close(reset)
	})
	c, r := dial(t, dialer(), u), record(t)
	if _, err := c.Send(wire.Text, []byte("x"), false); err != nil {
		t.Fatal(err)
	}
	receive(t, reset)
	deadline := time.Now().Add(patience)
	for {
		if _, err := c.Send(wire.Text, []byte("x"), false); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("Send never fails")
		}
	}
	c.Start(r)
	r.expect("text last words", "closed 1001 gone")
}

// Full and never writable: then it is OnClosed that comes.
func TestSendFullAndReset(t *testing.T) {
	full := make(chan struct{})
	u := rude(t, func(p *peer) {
		p.send(p.answer())
		<-full
		p.SetLinger(0)
	})
	d := dialer()
	d.CloseTimeout = 50 * time.Millisecond
	c, r := dial(t, d, u), record(t)
	c.Start(r)
	c.Pause() // so that it does not see the end by reading
	if is, err := c.Send(wire.Binary, noise(16<<20), false); !is || err != nil {
		t.Fatalf("full is %v, %v", is, err)
	}
	close(full)
	r.expect("closed 1006")
	if len(r.writable) > 0 {
		t.Error("writable, though nothing was written")
	}
	if _, err := c.Send(wire.Text, nil, false); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}
