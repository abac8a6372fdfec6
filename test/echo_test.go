package test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Everything comes back as it went, from ws.
func TestEcho(t *testing.T) {
	for _, test := range []struct {
		name  string
		flags []string
		open  string
	}{
		{"plain", nil, "open "},
		{"permessage-deflate", []string{"--deflate"}, "open  deflate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			target, url := ws(t, test.flags...)
			s := dev(t).open(url)
			if got := "open" + target.Line("open"); got != test.open {
				t.Fatalf("the target says %q, want %q", got, test.open)
			}
			for _, text := range []string{
				"hello", "", "zażółć gęślą jaźń", "日本語", "👩‍👩‍👧", "a\u2028b\u2029c", "\x00\x01\t\n\r\x7f", `"quotes" \ </script>`,
				"\ufeffbyte order mark", strings.Repeat("é", 100_000),
			} {
				s.text(text)
				s.is(message{Type: "text", Data: text})
			}
			for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20, 5 << 20} {
				data := noise(size)
				s.send("b", data)
				if got := s.bytes(); !bytes.Equal(got, data) {
					t.Fatalf("%d bytes came back as %d others", len(data), len(got))
				}
			}
			s.close(1000, "")
			s.ends(1000, "", true)
			target.Line("closed 1000")
		})
	}
}

// Messages that were sent without waiting come back in their order.
func TestOrder(t *testing.T) {
	t.Parallel()
	_, url := ws(t)
	s := dev(t).open(url)
	const many = 300
	for i := range many {
		s.send("b", noise(i))
	}
	for i := range many {
		if got := s.bytes(); !bytes.Equal(got, noise(i)) {
			t.Fatalf("message %d came back as another", i)
		}
	}
}

func TestSubprotocol(t *testing.T) {
	t.Parallel()
	target, url := ws(t)
	server := dev(t)
	s := server.open(url, "protocols", "chat.v1, chat.v2")
	if s.protocol != "chat.v2" { // the last one is what echo.mjs chooses
		t.Errorf("protocol is %q", s.protocol)
	}
	if got := target.Line("open "); got != "chat.v2" {
		t.Errorf("the target has %q", got)
	}
	if s := server.open(url); s.protocol != "" {
		t.Errorf("protocol is %q, and none was offered", s.protocol)
	}
}

// A line is a message to websocketd.
func TestWebsocketdText(t *testing.T) {
	t.Parallel()
	s := dev(t).open(websocketd(t, "cat"))
	for _, text := range []string{"hello", "", "zażółć\u2028日本語", strings.Repeat("x", 200_000)} {
		s.text(text)
		s.is(message{Type: "text", Data: text})
	}
	s.close(1000, "")
}

// With --binary websocketd cuts what the command writes into messages as it
// likes. (A message that does not fit into its pipe stops it, with any client.)
func TestWebsocketdBinary(t *testing.T) {
	t.Parallel()
	s := dev(t).open(websocketd(t, "--binary=true", "cat"))
	data := noise(1 << 20)
	for part := range slices.Chunk(data, 16<<10) {
		s.send("b", part)
		var got []byte
		for len(got) < len(part) {
			got = append(got, s.bytes()...)
		}
		if !bytes.Equal(got, part) {
			t.Fatal("other bytes came back")
		}
	}
}

// noise is the same bytes each time, and no deflater's friend.
func noise(size int) []byte {
	b := make([]byte, size)
	source := rand.NewChaCha8([32]byte{byte(size), byte(size >> 8)})
	_, _ = source.Read(b) // never fails
	return b
}
