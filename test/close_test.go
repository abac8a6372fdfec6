package test

import (
	"net/http"
	"testing"

	"github.com/polysocket/polysocket/test/process"
)

// What the client closes with is what the target sees, and the other way round.
func TestClose(t *testing.T) {
	t.Parallel()
	target, url := ws(t)
	server := dev(t)
	for _, test := range []struct {
		code       int
		reason     string
		atTarget   string
		backToUser int
	}{
		{1000, "", "1000 ", 1000},
		{1001, "leaving", "1001 leaving", 1001},
		{4999, "grüße \u2028 ✓", "4999 grüße \u2028 ✓", 4999},
		{0, "", "1005 ", 1005},
	} {
		s := server.open(url)
		s.close(test.code, test.reason)
		if got := target.Line("closed "); got != test.atTarget {
			t.Errorf("the target saw %q, want %q", got, test.atTarget)
		}
		if m := s.next(); m.Type != "close" || m.Code != test.backToUser || !m.Clean {
			t.Errorf("close %d came back as %v", test.code, m)
		}
	}
	for _, test := range []struct {
		command string
		code    int
		reason  string
		clean   bool
	}{
		{"close", 1005, "", true},
		{"close 1000", 1000, "", true},
		{"close 1011 it went wrong", 1011, "it went wrong", true},
		{"close 3001 grüße ✓", 3001, "grüße ✓", true},
		{"terminate", 1006, "", false},
	} {
		s := server.open(url)
		s.text(test.command)
		s.ends(test.code, test.reason, test.clean)
	}
}

// What was said before the end is read before it.
func TestLastWords(t *testing.T) {
	t.Parallel()
	s := dev(t).open(websocketd(t, "sh", "-c", "echo one; read answer; echo $answer; echo three"))
	s.text("two")
	for _, text := range []string{"one", "two", "three"} {
		s.is(message{Type: "text", Data: text})
	}
	if m := s.next(); m.Type != "close" {
		t.Errorf("got %v", m)
	}
}

func TestTargetKilled(t *testing.T) {
	t.Parallel()
	target, url := ws(t, "--host", process.Alone)
	server := dev(t)
	s := server.open(url)
	s.text("hello")
	s.is(message{Type: "text", Data: "hello"})
	target.Kill()
	s.ends(1006, "", false)
	server.create(url, nil).is(t, http.StatusBadGateway, "target_unreachable")
}

func TestTargetKilledInHandshake(t *testing.T) {
	t.Parallel()
	target, url := ws(t, "--stall")
	server := dev(t)
	created := make(chan answer)
	go func() {
		a, err := server.try("GET", "/create?from=test&target="+url, nil, nil)
		if err != nil {
			t.Error(err)
		}
		created <- a
	}()
	target.Line("asked")
	target.Kill()
	(<-created).is(t, http.StatusBadGateway, "target_refused")
}

func TestTargetSilent(t *testing.T) {
	t.Parallel()
	_, url := ws(t, "--stall")
	dev(t, "--target-timeout=200ms").create(url, nil).is(t, http.StatusGatewayTimeout, "target_timeout")
}
