package test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/polysocket/polysocket/test/process"
)

// A signal ends the process in order: polls that are parked are answered with the
// close, sends that are withheld with no_socket, and the port is free.
func TestSignal(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			target, url := ws(t)
			server := dev(t, "--debug-listen=127.0.0.1:0")
			const parked = 3
			polls := make(chan answer)
			for range parked {
				s := server.open(url)
				s.parked(polls)
			}
			streamed := server.open(url)
			stream := streamed.stream()
			stuck := server.open(url)
			sends := make(chan answer)
			withhold(stuck, target, sends)

			server.Signal(signal)
			for range parked {
				a := <-polls
				a.is(t, http.StatusOK, "")
				if len(a.Messages) != 1 || a.Messages[0].Type != "close" || a.Messages[0].Code != 1001 {
					t.Errorf("a parked poll got %s", a.body)
				}
			}
			if all, err := io.ReadAll(stream); err != nil || !strings.Contains(string(all), `"type":"close","code":1001`) {
				t.Errorf("a stream got %q, and then %v", all, err)
			}
			(<-sends).is(t, http.StatusForbidden, "no_socket")
			if status := server.Exit(); status != 0 {
				t.Errorf("exit status %d", status)
			}
			l, err := net.Listen("tcp", strings.TrimPrefix(server.base, "http://"))
			if err != nil {
				t.Fatalf("the port is not free: %v", err)
			}
			l.Close()
			// But for the one that does not read.
			for range parked + 1 {
				if got := target.Line("closed "); !strings.HasPrefix(got, "1001") {
					t.Errorf("a target got %q", got)
				}
			}
		})
	}
}

// ask sends a request and hands over the answer.
func ask(s *server, answers chan<- answer, method, path string, body []byte) {
	a, err := s.try(method, path, body, nil)
	if err != nil {
		s.T.Errorf("%s %.20s: %v", method, path, err)
	}
	answers <- a
}

// withhold sends to a target that does not read, until a send is withheld. Its
// answer goes to sends in the end.
func withhold(s *socket, target *process.Process, sends chan<- answer) {
	s.T.Helper()
	s.text("pause")
	target.Line("paused")
	var passed atomic.Int32
	go func() {
		for {
			a, err := s.try("POST", "/s/"+s.id+"?t=b", make([]byte, 4<<20), nil)
			if err != nil {
				s.T.Errorf("a send that was withheld: %v", err)
			}
			if a.status != http.StatusCreated {
				sends <- a
				return
			}
			passed.Add(1)
		}
	}()
	last, still := int32(-1), 0
	process.Until(s.T, "the target's buffers are full", func() bool {
		if now := passed.Load(); now != last {
			last, still = now, 0
		}
		still++
		return still > 100
	})
}

// parked begins a poll that waits, and whose answer goes to polls.
func (s *socket) parked(polls chan<- answer) {
	s.T.Helper()
	two := make(chan answer)
	for range 2 {
		go ask(s.server, two, "GET", "/j/"+s.id+"?ttl=60000", nil)
	}
	// One of them supersedes the other: then it is there.
	if a := <-two; a.status != http.StatusOK || len(a.Messages) > 0 {
		s.T.Fatalf("the one that is superseded got %s", a.body)
	}
	go func() { polls <- <-two }()
}

// stream begins to read server-sent events.
func (s *socket) stream() io.Reader {
	s.T.Helper()
	resp, err := http.Get(s.base + "/e/" + s.id)
	if err != nil {
		s.T.Fatal(err)
	}
	s.T.Cleanup(func() { _ = resp.Body.Close() })
	return resp.Body
}

// What dev's own targets hold is closed in order as well: they outlive the relay's
// sockets. One run in eight showed it where they did not, so there are several.
func TestSignalOwnTarget(t *testing.T) {
	for range 6 {
		server := dev(t, "--debug-listen=127.0.0.1:0")
		s := server.open("ws" + strings.TrimPrefix(server.base, "http") + "/echo")
		polls := make(chan answer)
		s.parked(polls)
		server.Signal(syscall.SIGTERM)
		if a := <-polls; len(a.Messages) != 1 || a.Messages[0].Code != 1001 {
			t.Errorf("the parked poll got %s", a.body)
		}
		if status := server.Exit(); status != 0 {
			t.Errorf("exit status %d", status)
		}
	}
}
