package upstream_test

import (
	"bufio"
	"context"
	"errors"
	"net"

	"slices"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/upstream"
	"github.com/polysocket/polysocket/internal/wire"
)

// refusal is the sentence that a Dial which must be refused ends with.
func refusal(t *testing.T, err error) string {
	t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != wire.TargetRefused {
		t.Fatalf("got %#v, want a refusal", err)
	}
	return e.Message
}

func TestHandshakeRefused(t *testing.T) {
	const (
		noUpgrade    = `the target answered 101 without "Upgrade: websocket"`
		noConnection = `the target answered 101 without "Connection: Upgrade"`
		noAccept     = "the target answered 101 without the right Sec-WebSocket-Accept"
		noHTTP       = "the target did not answer the handshake in HTTP"
		closed       = "the target closed the connection in the handshake"
		tooLong      = "the target sent more than 64 KiB of headers in the handshake"
		params       = "the target chose permessage-deflate with parameters that were not offered"
		malformed    = "the target answered with a malformed Sec-WebSocket-Extensions"
	)
	without := func(name string) func(p *peer) string {
		return func(p *peer) string {
			lines := strings.SplitAfter(p.answer(), "\r\n")
			return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, name) }), "")
		}
	}
	plus := func(lines ...string) func(p *peer) string { return func(p *peer) string { return p.answer(lines...) } }
	extensions := func(value string) func(p *peer) string { return plus("Sec-WebSocket-Extensions: " + value) }
	swap := func(old, new string) func(p *peer) string {
		return func(p *peer) string { return strings.Replace(p.answer(), old, new, 1) }
	}
	says := func(s string) func(*peer) string { return func(*peer) string { return s } }

	for _, test := range []struct {
		name   string
		answer func(*peer) string
		want   string
	}{
		{"404", says("HTTP/1.1 404 Gone Fishing\r\nContent-Length: 0\r\n\r\n"), "the target answered 404 Not Found"},
		{"302 is not followed", says("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n"), "the target answered 302 Found"},
		{"200", says("HTTP/1.1 200 OK\r\n\r\nhello"), "the target answered 200 OK"},
		{"a status of its own", says("HTTP/1.1 799 Custom\r\n\r\n"), "the target answered 799"},
		{"100 and then 403", says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n"), "the target answered 403 Forbidden"},
		{"HTTP/1.0", swap("HTTP/1.1", "HTTP/1.0"), "the target answered 101 in another version of HTTP than 1.1"},
		{"no Upgrade", without("Upgrade"), noUpgrade},
		{"another Upgrade", swap("Upgrade: websocket", "Upgrade: h2c"), noUpgrade},
		{"two of Upgrade", plus("Upgrade: h2c"), noUpgrade},
		{"no Connection", without("Connection"), noConnection},
		{"another Connection", swap("Connection: Upgrade", "Connection: keep-alive, upgraded"), noConnection},
		{"no accept", without("Sec-WebSocket-Accept"), noAccept},
		{"another accept", swap("Accept: ", "Accept: x"), noAccept},
		{"two accepts", func(p *peer) string {
			return p.answer("Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==")
		}, noAccept},
		{"subprotocol nobody offered", plus("Sec-WebSocket-Protocol: chat"), "the target chose a subprotocol that was not offered"},
		{"subprotocol in another case", plus("Sec-WebSocket-Protocol: OFFERED"), "the target chose a subprotocol that was not offered"},
		{"empty subprotocol", plus("Sec-WebSocket-Protocol:"), "the target chose a subprotocol that was not offered"},
		{"all subprotocols", plus("Sec-WebSocket-Protocol: offered, also"), "the target chose a subprotocol that was not offered"},
		{"two subprotocols", plus("Sec-WebSocket-Protocol: offered", "Sec-WebSocket-Protocol: also"),
			"the target answered with more than one Sec-WebSocket-Protocol"},
		{"extension nobody offered", extensions("x-webkit-deflate-frame"), "the target chose an extension that was not offered"},
		{"one offered, one not", extensions("permessage-deflate; server_no_context_takeover, foo"), "the target chose an extension that was not offered"},
		{"twice", extensions("permessage-deflate; server_no_context_takeover, permessage-deflate; server_no_context_takeover"),
			"the target chose permessage-deflate twice"},
		{"context takeover", extensions("permessage-deflate"), params},
		{"unknown parameter", extensions("permessage-deflate; server_no_context_takeover; x"), params},
		{"parameter twice", extensions("permessage-deflate; server_no_context_takeover; server_no_context_takeover"), params},
		{"value where there is none", extensions("permessage-deflate; server_no_context_takeover=1"), params},
		{"window not offered", extensions("permessage-deflate; server_no_context_takeover; client_max_window_bits=15"), params},
		{"window of 7", extensions("permessage-deflate; server_no_context_takeover; server_max_window_bits=7"), params},
		{"window of 010", extensions("permessage-deflate; server_no_context_takeover; server_max_window_bits=010"), params},
		{"window of nothing", extensions("permessage-deflate; server_no_context_takeover; server_max_window_bits"), params},
		{"malformed: no name", extensions("; server_no_context_takeover"), malformed},
		{"malformed: no parameter", extensions("permessage-deflate; ;"), malformed},
		{"malformed: no value", extensions("permessage-deflate; server_max_window_bits="), malformed},
		{"malformed: open quote", extensions(`permessage-deflate; server_max_window_bits="15`), malformed},
		{"malformed: two words", extensions("permessage-deflate please"), malformed},
		{"no HTTP", says("SSH-2.0-OpenSSH_9.2p1\r\n"), noHTTP},
		{"no header", says("HTTP/1.1 101 Switching Protocols\r\nno colon\r\n\r\n"), noHTTP},
		{"nothing", says(""), closed},
		{"half an answer", func(p *peer) string { s := p.answer(); return s[:len(s)-2] }, closed},
		{"one long header", says("HTTP/1.1 101 Switching Protocols\r\nX: " + rep(70_000)), tooLong},
		{"many headers", says("HTTP/1.1 101 Switching Protocols\r\n" + strings.Repeat("X: y\r\n", 20_000)), tooLong},
		{"100 for ever", says(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 5_000)), tooLong},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := rude(t, func(p *peer) {
				p.Write([]byte(test.answer(p))) // fails where we have had enough
				p.CloseWrite()
				p.end()
			})
			c, err := dialer().Dial(context.Background(), upstream.Request{Target: u, Protocols: []string{"offered", "also"}})
			if got := refusal(t, err); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if c != nil {
				t.Error("a Conn beside the error")
			}
		})
	}
}

// What is legal must not be refused, however odd it looks.
func TestHandshakeAccepted(t *testing.T) {
	for _, test := range []struct {
		name     string
		answer   func(p *peer) string
		protocol string
	}{
		{"as usual", func(p *peer) string { return p.answer() }, ""},
		{"in other case", func(p *peer) string {
			return strings.NewReplacer("Upgrade: websocket", "upgrade:WebSocket  ", "Connection: Upgrade", "CONNECTION: keep-alive, upgrade").Replace(p.answer())
		}, ""},
		{"Connection in two lines", func(p *peer) string {
			return "HTTP/1.1 101 \r\nConnection: x" + p.answer()[len("HTTP/1.1 101 Switching Protocols"):]
		}, ""},
		{"hints first", func(p *peer) string { return "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n" + p.answer() }, ""},
		{"with a length", func(p *peer) string { return p.answer("Content-Length: 5", "Set-Cookie: a=b", "Set-Cookie: c=d") }, ""},
		{"subprotocol", func(p *peer) string { return p.answer("Sec-WebSocket-Protocol: also") }, "also"},
		{"deflate", func(p *peer) string { return p.answer(deflates) }, ""},
		{"deflate at length", func(p *peer) string {
			return p.answer("Sec-WebSocket-Extensions: , PerMessage-Deflate ;client_no_context_takeover; server_no_context_takeover ; server_max_window_bits = \"9\" ,")
		}, ""},
		{"no extension in a line", func(p *peer) string { return p.answer("Sec-WebSocket-Extensions: ") }, ""},
		{"60 KB of headers", func(p *peer) string { return p.answer("X: " + rep(60_000)) }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u := rude(t, func(p *peer) {
				p.send(test.answer(p) + frame(wire.OpText, "hello"))
				p.end()
			})
			c, err := dialer().Dial(context.Background(), upstream.Request{Target: u, Protocols: []string{"offered", "also"}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Abort()
			if c.Protocol() != test.protocol {
				t.Errorf("protocol %q", c.Protocol())
			}
			r := record(t)
			c.Start(r)
			r.expect("text hello")
		})
	}
}

const deflates = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover"

// What the target sees of us, to the letter.
func TestHandshakeRequest(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	requests := make(chan []string, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			in := bufio.NewReader(conn)
			var lines []string
			for {
				line, err := in.ReadString('\n')
				if line = strings.TrimRight(line, "\r\n"); err != nil || line == "" {
					break
				}
				if key, ok := strings.CutPrefix(line, "Sec-WebSocket-Key: "); ok && len(key) == 24 {
					line = "Sec-WebSocket-Key: <24>"
				}
				lines = append(lines, line)
			}
			requests <- lines
			conn.Close()
		}
	}()
	host := listener.Addr().String()
	start := []string{"Host: " + host, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: <24>", "Sec-WebSocket-Version: 13"}
	last := []string{"Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover", "Polysocket-Hop: 1"}

	for _, test := range []struct {
		r    upstream.Request
		path string
		want []string
	}{
		{upstream.Request{Target: target(t, "ws://"+host)}, "/", nil},
		{upstream.Request{Target: target(t, "ws://"+host+"/a%2Fb?c=d%20ü")}, "/a%2Fb?c=d%20%C3%BC", nil},
		{upstream.Request{Target: target(t, "ws://"+host+"?q"), Origin: "https://page.example", UserAgent: "Mozilla/5.0 (x)", Protocols: []string{"a", "b"}},
			"/?q", []string{"Origin: https://page.example", "User-Agent: Mozilla/5.0 (x)", "Sec-WebSocket-Protocol: a, b"}},
	} {
		_, err := dialer().Dial(context.Background(), test.r)
		refusal(t, err)
		want := slices.Concat([]string{"GET " + test.path + " HTTP/1.1"}, start, test.want, last)
		if got := receive(t, requests); !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
