package test

import (
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
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
				go ask(server, polls, "GET", "/j/"+s.id+"?ttl=60000", nil)
			}
			stuck := server.open(url)
			sends := make(chan answer)
			withhold(stuck, target, sends)
			until(t, "the polls are parked", func() bool { return server.standing(polling) == parked })

			if err := server.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			for range parked {
				a := <-polls
				a.is(t, http.StatusOK, "")
				if len(a.Messages) != 1 || a.Messages[0].Type != "close" || a.Messages[0].Code != 1001 {
					t.Errorf("a parked poll got %s", a.body)
				}
			}
			(<-sends).is(t, http.StatusForbidden, "no_socket")
			if status := server.exit(); status != 0 {
				t.Errorf("exit status %d", status)
			}
			l, err := net.Listen("tcp", strings.TrimPrefix(server.base, "http://"))
			if err != nil {
				t.Fatalf("the port is not free: %v", err)
			}
			l.Close()
			// But for the one that does not read.
			for range parked {
				if got := target.line("closed "); !strings.HasPrefix(got, "1001") {
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
		s.t.Errorf("%s %.20s: %v", method, path, err)
	}
	answers <- a
}

// withhold sends to a target that does not read, until a send is withheld. Its
// answer goes to sends in the end.
func withhold(s *socket, target *process, sends chan<- answer) {
	s.t.Helper()
	s.text("pause")
	target.line("paused")
	var passed atomic.Int32
	go func() {
		for {
			a, err := s.try("POST", "/s/"+s.id+"?t=b", make([]byte, 4<<20), nil)
			if err != nil {
				s.t.Errorf("a send that was withheld: %v", err)
			}
			if a.status != http.StatusCreated {
				sends <- a
				return
			}
			passed.Add(1)
		}
	}()
	last, still := int32(-1), 0
	until(s.t, "the target's buffers are full", func() bool {
		if now := passed.Load(); now != last || s.standing(sending) != 1 {
			last, still = now, 0
		}
		still++
		return still > 20
	})
}

// Where a request stands that is parked, or withheld.
const (
	polling = "transport.(*Handler).poll("
	sending = "transport.(*Handler).send("
)

// standing is how many requests stand in a function, by the profile of the
// goroutines.
func (s *server) standing(function string) int {
	s.t.Helper()
	status, body := get(s.t, s.profiles()+"goroutine?debug=2", "")
	if status != http.StatusOK {
		s.t.Fatalf("the profile of the goroutines: %d %s", status, body)
	}
	return strings.Count(body, function)
}

// What dev's own targets hold is closed in order as well: they outlive the relay's
// sockets. One run in eight showed it where they did not, so there are several.
func TestSignalOwnTarget(t *testing.T) {
	for range 6 {
		server := dev(t, "--debug-listen=127.0.0.1:0")
		s := server.open("ws" + strings.TrimPrefix(server.base, "http") + "/echo")
		polls := make(chan answer)
		go ask(server, polls, "GET", "/j/"+s.id+"?ttl=60000", nil)
		until(t, "the poll is parked", func() bool { return server.standing(polling) == 1 })
		if err := server.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if a := <-polls; len(a.Messages) != 1 || a.Messages[0].Code != 1001 {
			t.Errorf("the parked poll got %s", a.body)
		}
		if status := server.exit(); status != 0 {
			t.Errorf("exit status %d", status)
		}
	}
}
