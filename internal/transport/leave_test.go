package transport_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/session"
	"github.com/polysocket/polysocket/internal/transport"
)

// An open response is a request for as long as it is under way: a socket's grace
// begins when its client has the answer, or has gone (bound.grace).
func TestGraceBeginsAfterTheAnswer(t *testing.T) {
	for _, path := range []string{"/j/id?a=0", "/x/id?a=0&max=1", "/m?s=id:0", "/m?s=id:0,other:0", "/m?stream=1&max=1&s=id:0,other:0"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			config := session.Config{Grace: 100 * time.Millisecond, MessageLimit: 16 << 20}.WithDefaults()
			ended := make(chan struct{})
			sockets := several{"id": session.New("id", &target{}, &config, func() { close(ended) })}
			other := session.Config{}.WithDefaults()
			sockets["other"] = session.New("other", &target{}, &other, func() {})
			defer sockets["other"].Drop()
			s := sockets["id"]
			s.Enter()
			h := transport.New(sockets, config.MessageLimit)
			defer h.Close()
			server := httptest.NewServer(h)
			defer server.Close()

			conn, _ := get(t, server, path)
			await(t, "it to be attached", s.Attached)
			s.Leave()
			say(s, strings.Repeat("x", 16<<20))
			await(t, "it to be detached", func() bool { return !s.Attached() })
			select {
			case <-ended:
				t.Error("it has lapsed, and its answer is under way")
			case <-time.After(3 * config.Grace):
			}
			_ = conn.Close()
			select {
			case <-ended:
			case <-time.After(patience):
				t.Error("it does not lapse when its client has hung up")
			}
		})
	}
}

// Sockets that end while a stream of many opens are all told of.
func TestEndedWhileOpening(t *testing.T) {
	var ids, query []string
	for i := range 100 {
		ids = append(ids, fmt.Sprint("id", i))
		query = append(query, fmt.Sprintf("id%d:0,none%d:0", i, i))
	}
	for range 10 {
		server, sockets := serve(t, ids...)
		conn, in := get(t, server, "/m?stream=1&s="+strings.Join(query, ","))
		await(t, "the first to be attached", sockets["id0"].Attached)
		for _, s := range sockets {
			s.Drop()
		}
		all, err := io.ReadAll(body(t, in))
		if n := strings.Count(string(all), "no_socket"); n != 2*len(ids) || err != nil {
			t.Errorf("%d lines, want %d: %v", n, 2*len(ids), err)
		}
		_ = conn.Close()
	}
}

// A batch whose body breaks before its first message is over, and its socket lapses.
func TestLeaveAfterBodyCutAtOnce(t *testing.T) {
	for _, sent := range []string{"", "1\r\n\x82\r\n"} {
		server, s, ended, _ := overTLS(t, 1)
		c, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, "POST /s/id?t=f HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"+sent)
		_ = c.CloseWrite()
		_, _ = io.ReadAll(c) // until the server has done with it
		c.Close()
		s.Leave() // overTLS has entered
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Errorf("after %q its request is counted still", sent)
		}
	}
}
