package upstream

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/wire"
)

// scripted is a target that answers whatever it is asked with the same bytes.
type scripted struct{ io.Reader }

func (scripted) Write(p []byte) (int, error) { return len(p), nil }

// FuzzHandshake: whatever a target answers, the handshake ends: mostly in a
// refusal, since nobody guesses the accept header.
func FuzzHandshake(f *testing.F) {
	f.Add("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n\x81\x00")
	f.Add("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n")
	f.Add("HTTP/1.0 200\n\n")
	f.Fuzz(func(t *testing.T, answer string) {
		target, err := wire.ParseTarget("ws://target.example/")
		if err != nil {
			t.Fatal(err)
		}
		_, err = shake(scripted{strings.NewReader(answer)}, Request{Target: target})
		var refusal *wire.Error
		if !errors.As(err, &refusal) || refusal.Code != wire.TargetRefused {
			t.Errorf("%q: %v", answer, err)
		}
	})
}

// FuzzExtensions: what is agreed on was offered, and an answer that is read can
// be written again.
func FuzzExtensions(f *testing.F) {
	f.Add("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
	f.Add(`permessage-deflate; server_no_context_takeover; server_max_window_bits="10", x`)
	f.Fuzz(func(t *testing.T, value string) {
		deflate, err := agreeExtensions([]string{value})
		if deflate && (err != nil || !strings.Contains(strings.ToLower(value), "permessage-deflate") || !strings.Contains(value, "server_no_context_takeover")) {
			t.Errorf("%q is agreed on: %v", value, err)
		}
		list, ok := parseExtensions(value)
		if !ok {
			return
		}
		var again strings.Builder
		for _, e := range list {
			again.WriteString(e.name)
			for _, p := range e.params {
				again.WriteString("; " + p.name)
				if p.valued {
					again.WriteString("=" + p.value)
				}
			}
			again.WriteString(", ")
		}
		second, ok := parseExtensions(again.String())
		if !ok || len(second) != len(list) {
			t.Errorf("%q is read as %v, and written as %q read as %v", value, list, again.String(), second)
		}
	})
}

// FuzzInflate: no payload inflates beyond the limit.
func FuzzInflate(f *testing.F) {
	f.Add([]byte("\xf2\x48\xcd\xc9\xc9\x07\x00"), 100) // RFC 7692 §7.2.3.1
	f.Add([]byte("\x00"), 0)
	f.Fuzz(func(t *testing.T, payload []byte, limit int) {
		limit = max(0, min(limit, 1<<16))
		if out, err := inflate(payload, limit, nil); err == nil && len(out) > limit {
			t.Errorf("%d bytes of %d", len(out), limit)
		}
	})
}
