package test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/process"
)

// Without Redis both start, say that they are not ready, and answer; and all comes
// by itself when Redis does.
func TestStartWithoutRedis(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	redis.Stop()
	file := configured(t, meeting(redis.URL()))
	router, relay := role(t, "router", file), role(t, "relay", file)
	_, target := ws(t)
	for _, s := range []*server{router, relay} {
		if got := s.health("/healthz"); got != http.StatusOK {
			t.Errorf("/healthz: %d", got)
		}
		s.becomes(http.StatusServiceUnavailable)
	}
	for range 3 {
		began := time.Now()
		router.create(target, nil).is(t, http.StatusServiceUnavailable, "no_relay")
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it was refused after %v", took)
		}
	}
	redis.Restart()
	router.becomes(http.StatusOK)
	relay.becomes(http.StatusOK)
	var created answer
	process.Until(t, "a socket", func() bool {
		created = router.create(target, nil)
		return created.OK
	})
	if "http://"+created.Polysocketd != relay.base {
		t.Errorf("the relay is handed out as %q", created.Polysocketd)
	}
	s := &socket{server: relay, id: created.Socket}
	s.text("hello")
	s.is(message{Type: "text", Data: "hello"})
	// The router holds no sockets, and the relay opens none; the client is the router's.
	router.do("GET", "/j/"+created.Socket, nil, nil).is(t, http.StatusNotFound, "not_found")
	relay.create(target, nil).is(t, http.StatusNotFound, "not_found")
	if a := router.do("GET", "/polysocket.js", nil, nil); a.status != http.StatusOK || !strings.Contains(a.body, "polysocket") {
		t.Errorf("/polysocket.js: %d", a.status)
	}
}

// A router that was told to end says so, lets a create that is under way end, and
// exits with 0; a relay closes what it has.
func TestCommandEnds(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	file := configured(t, meeting(redis.URL())+"timeouts: {drain: 0s, target: 3s}\n")
	router, relay := role(t, "router", file), role(t, "relay", file)
	router.becomes(http.StatusOK)
	relay.becomes(http.StatusOK)
	slow := listen(t)
	answers := make(chan answer, 1)
	process.Until(t, "a relay", func() bool { return !strings.Contains(router.create("ws://127.0.0.1:1/", nil).body, "no_relay") })
	go func() {
		a, _ := router.try("GET", "/create?from=test&target=ws://"+slow.addr, nil, nil)
		answers <- a
	}()
	silent, err := slow.l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close() // having said nothing
	router.Signal(syscall.SIGTERM)
	router.becomes(http.StatusServiceUnavailable) // and /healthz goes on
	if got := router.health("/healthz"); got != http.StatusOK {
		t.Errorf("/healthz: %d", got)
	}
	if a := <-answers; a.Code == "" { // target_timeout, where the machine has time
		t.Errorf("the create under way got %d %s", a.status, a.body)
	}
	if status := router.Exit(); status != 0 {
		t.Errorf("the router's exit status is %d", status)
	}
	relay.Signal(syscall.SIGTERM)
	if status := relay.Exit(); status != 0 {
		t.Errorf("the relay's exit status is %d", status)
	}
	router.Raceless()
	relay.Raceless()
}

// A second signal does not wait for anything.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	file := configured(t, meeting(redis.URL())+"timeouts: {drain: 1h}\n")
	router, relay := role(t, "router", file), role(t, "relay", file)
	_, target := ws(t)
	process.Until(t, "a socket", func() bool { return router.create(target, nil).OK })
	relay.Signal(syscall.SIGTERM)
	relay.becomes(http.StatusServiceUnavailable)
	relay.Signal(syscall.SIGTERM)
	if status := relay.Exit(); status != -1 {
		t.Errorf("the relay's exit status is %d, and not that of a signal", status)
	}
}

// Who sends another Host finds in the log what to write where.
func TestMisdirected(t *testing.T) {
	t.Parallel()
	file := configured(t, meeting(nowhere(t))+"router: {host: [router.example]}\nrelay: {host: tom.example, wildcard: true}\n")
	router, relay := role(t, "router", file), role(t, "relay", file)
	ask := func(s *server, path, host string) answer { return s.do("GET", path, nil, http.Header{"Host": {host}}) }
	for host, want := range map[string]int{"router.example": 200, "Router.Example:8080": 200, "localhost:1": 200, "x.router.example": 421, "tom.example": 421} {
		if got := ask(router, "/polysocket.js", host).status; got != want {
			t.Errorf("the router answers %d to %s", got, host)
		}
	}
	for host, want := range map[string]int{"tom.example": 403, "abc.tom.example:9001": 403, "127.0.0.1": 403, "router.example": 421, "evil.example": 421} {
		if got := ask(relay, "/j/x?a=0", host).status; got != want {
			t.Errorf("the relay answers %d to %s", got, host)
		}
	}
	for s, key := range map[*server]string{router: "key=router.host", relay: "key=relay.host"} {
		process.Until(t, "a line that names "+key, func() bool { return strings.Contains(s.Output(), key) })
		if got := ask(s, "/healthz", "evil.example").status; got != http.StatusOK {
			t.Errorf("/healthz: %d", got)
		}
	}
}

// Pages are admitted as the configuration says, and private targets are not.
func TestRouterAdmits(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	file := configured(t, strings.Replace(meeting(redis.URL()), "targets", "router: {host: router.example, origins: ['https://*.app.example']}\n#", 1))
	router, relay := role(t, "router", file), role(t, "relay", file)
	relay.becomes(http.StatusOK)
	process.Until(t, "a relay", func() bool { return router.create("ws://127.0.0.1:1/", nil).Code != "no_relay" })
	for origin, want := range map[string]string{
		"": "target_denied", "http://localhost:3000": "target_denied", "https://router.example": "target_denied", "https://a.app.example": "target_denied",
		"https://evil.example": "origin_denied", "https://x.router.example": "origin_denied",
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		router.create("ws://127.0.0.1:1/", header).is(t, http.StatusForbidden, want)
	}
}

// Both have their profiles at an address of their own.
func TestRoleProfiles(t *testing.T) {
	t.Parallel()
	file := configured(t, meeting(nowhere(t))+"router: {debug_listen: '127.0.0.1:0'}\nrelay: {debug_listen: '127.0.0.1:0'}\n")
	for _, command := range []string{"router", "relay"} {
		s := role(t, command, file)
		if status, body := get(t, s.profiles()+"goroutine?debug=1", ""); status != http.StatusOK || !strings.Contains(body, "goroutine profile:") {
			t.Errorf("%s: %d %.100s", command, status, body)
		}
		if a := s.do("GET", "/debug/pprof/", nil, nil); a.status != http.StatusNotFound {
			t.Errorf("the profiles of the %s are where everybody is let in: %d", command, a.status)
		}
	}
}
