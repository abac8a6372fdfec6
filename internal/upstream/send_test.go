package upstream_test

import (
	"math/rand/v2"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

// noise is n bytes that do not repeat.
func noise(n int) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(p)
	return p
}

func TestSend(t *testing.T) {
	type message struct {
		kind  wire.Kind
		parts []string
	}
	big := string(noise(200_000))
	messages := []message{
		{wire.Text, []string{"a"}}, {wire.Binary, []string{""}}, {wire.Text, []string{"a", "", "c"}}, {wire.Binary, []string{rep(125)}},
		{wire.Binary, []string{rep(126)}}, {wire.Binary, []string{rep(65535), rep(65536), big}}, {wire.Text, []string{"", ""}},
	}
	for n := range 130 { // every length that masking may treat on its own
		messages = append(messages, message{wire.Binary, []string{big[n : 2*n], big[:n]}})
	}
	done := make(chan struct{})
	u := rude(t, func(p *peer) {
		defer close(done)
		p.send(p.answer())
		for _, m := range messages {
			for i, want := range m.parts {
				h, payload, err := p.read()
				if err != nil {
					t.Error(err)
					return
				}
				op := map[wire.Kind]wire.Opcode{wire.Text: wire.OpText, wire.Binary: wire.OpBinary}[m.kind]
				if i > 0 {
					op = wire.OpContinuation
				}
				if h.Opcode != op || h.Fin != (i == len(m.parts)-1) || string(payload) != want {
					t.Errorf("got %+v with %d bytes", h, len(payload))
				}
			}
		}
	})
	c := dial(t, dialer(), u)
	c.Start(record(t))
	for _, m := range messages {
		for i, part := range m.parts {
			data := []byte(part)
			if _, err := c.Send(m.kind, data, i < len(m.parts)-1); err != nil {
				t.Fatal(err)
			}
			if string(data) != part {
				t.Fatal("Send changed what it was given")
			}
		}
	}
	receive(t, done)
}

func TestSendMisuse(t *testing.T) {
	u := rude(t, func(p *peer) { p.send(p.answer()); p.end() })
	c := dial(t, dialer(), u)
	if _, err := c.Send(wire.Close, nil, false); err == nil {
		t.Error("Send took a close")
	}
	c.Send(wire.Text, nil, true)
	if _, err := c.Send(wire.Binary, nil, false); err == nil {
		t.Error("Send took another kind inside a message")
	}
	if _, err := c.Close(wire.CloseAbnormal, nil); err == nil {
		t.Error("Close took 1006")
	}
	if _, err := c.Close(wire.CloseNoStatus, []byte("x")); err == nil {
		t.Error("Close took a reason without a code")
	}
	if _, err := c.Close(wire.CloseNormal, []byte(rep(124))); err == nil {
		t.Error("Close took a long reason")
	}
	if _, err := c.Close(wire.CloseNormal, nil); err != nil {
		t.Error(err)
	}
	if _, err := c.Send(wire.Text, nil, false); err == nil {
		t.Error("Send took something after Close")
	}
	if _, err := c.Close(wire.CloseNormal, nil); err != nil {
		t.Error("closing twice does nothing, but", err)
	}
}
