package test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/ca"
	"github.com/polysocket/polysocket/test/process"
)

// reloaded sends SIGHUP, and waits for the line of the log that says what came of it.
func (s *server) reloaded() (line string) {
	s.T.Helper()
	before := len(s.reloads())
	s.Signal(syscall.SIGHUP)
	process.Until(s.T, "a line about the configuration", func() bool {
		all := s.reloads()
		if len(all) == before {
			return false
		}
		line = all[len(all)-1]
		return true
	})
	return line
}

func (s *server) reloads() []string {
	var lines []string
	for line := range strings.Lines(s.Output()) {
		if strings.Contains(line, "the configuration was ") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// says checks that a line has all of these.
func says(t *testing.T, line string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(line, w) {
			t.Errorf("it says %s, and not %s", line, w)
		}
	}
}

// A relay swaps what it can for new sockets, says what waits for a restart, and
// with a bad file stays as it was.
func TestReloadRelay(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, redistest.Options{})
	base := meeting(redis.URL())
	file := configured(t, base)
	router, relay := role(t, "router", file), role(t, "relay", file, "--hold=9s")
	relay.becomes(http.StatusOK)
	_, target := ws(t)
	open := func() *socket {
		var a answer
		process.Until(t, "a socket", func() bool {
			a = router.create(target, nil)
			return a.Code != "no_relay"
		})
		a.is(t, http.StatusOK, "")
		return &socket{server: relay, id: a.Socket}
	}
	sends := func(s *socket, size, status int) {
		t.Helper()
		if a := s.do("POST", "/s/"+s.id+"?t=b", noise(size), nil); a.status != status {
			t.Errorf("%d bytes: %d %s, want %d", size, a.status, a.body, status)
		}
	}
	old := open()
	sends(old, 20, http.StatusCreated)

	// The flag stands over the file as before.
	rewrite(t, file, base+"limits: {message: 10, hold: 1s}\nrelay: {zone: eu-1, capacity: 2}\n")
	says(t, relay.reloaded(), "level=INFO", "was reloaded", `swapped="relay.capacity limits.message"`, `restart=relay.zone`)
	fresh := open()
	sends(fresh, 10, http.StatusCreated)
	sends(fresh, 11, http.StatusRequestEntityTooLarge)
	sends(old, 20, http.StatusCreated) // which has its limits
	process.Until(t, "the relay's being full", func() bool { return router.create(target, nil).Code == "no_relay" })
	old.close(1000, "")

	for _, bad := range []struct{ yaml, want string }{
		{base + "limits: {message: many}\n", "polysocket.yaml:4: limits.message: "},
		{base + "limits: {message: 5}\ncolour: red\n", "polysocket.yaml:5: colour: "},
		{"relay:\n\tzone: x", "polysocket.yaml:2: a tab"},
		{"", "cluster_secret: it is missing"},
	} {
		rewrite(t, file, bad.yaml)
		says(t, relay.reloaded(), "level=ERROR", "was not reloaded", bad.want)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	says(t, relay.reloaded(), "level=ERROR", "was not reloaded", "polysocket.yaml", "no such file")
	sends(fresh, 10, http.StatusCreated)
	sends(fresh, 11, http.StatusRequestEntityTooLarge)

	// What waits for a restart does so until then; private targets are closed again.
	rewrite(t, file, strings.Replace(base, "targets:", "#", 1)+"relay: {zone: eu-1}\n")
	says(t, relay.reloaded(), "was reloaded", `swapped="relay.capacity targets.allow_private limits.message"`, "restart=relay.zone")
	process.Until(t, "a refusal", func() bool { return router.create(target, nil).Code == "target_denied" })
	rewrite(t, file, strings.Replace(base, "targets:", "#", 1))
	if line := relay.reloaded(); !strings.Contains(line, "swapped=nothing") || strings.Contains(line, "restart") {
		t.Errorf("with nothing changed: %s", line)
	}
	rewrite(t, file, base)
	says(t, relay.reloaded(), "was reloaded", `swapped=targets.allow_private`)
	process.Until(t, "a socket", func() bool { return router.create(target, nil).Code == "" })
	rewrite(t, file, strings.Replace(base, "{allow_private:", "{deny: [127.0.0.1/32], allow_private:", 1))
	says(t, relay.reloaded(), "was reloaded", `swapped=targets.deny`)
	process.Until(t, "a refusal", func() bool { return router.create(target, nil).Code == "target_denied" })
	relay.Raceless()
}

func TestReloadRouter(t *testing.T) {
	t.Parallel()
	base := meeting(nowhere(t))
	file := configured(t, base)
	router := role(t, "router", file)
	asks := func(host, origin string) string {
		header := http.Header{"Host": {host}}
		if origin != "" {
			header.Set("Origin", origin)
		}
		return router.create("ws://127.0.0.1:1/", header).Code
	}
	if got := asks("router.example", ""); got != "misdirected" {
		t.Errorf("before: %s", got)
	}
	if got := asks("127.0.0.1", "https://app.example"); got != "origin_denied" {
		t.Errorf("before: %s", got)
	}
	rewrite(t, file, base+"router: {host: router.example, origins: ['https://app.example'], zone: eu-1, listen: '127.0.0.1:1'}\nlog_level: warn\n")
	// The flag has the address, so that is no change; and nor is what relays have.
	router.Signal(syscall.SIGHUP)
	process.Until(t, "another answer", func() bool { return asks("router.example", "https://app.example") == "no_relay" })
	if got := asks("other.example", ""); got != "misdirected" {
		t.Errorf("after: %s", got)
	}
	if lines := router.reloads(); len(lines) > 0 {
		t.Errorf("with log_level: warn it says %q", lines)
	}
	rewrite(t, file, base+"limits: {message: 1}\ntls: {}\n")
	says(t, router.reloaded(), `swapped="log_level router.host router.origins router.zone"`)
	if got := asks("router.example", ""); got != "misdirected" {
		t.Errorf("at last: %s", got)
	}
	router.Raceless()
}

// Another certificate under the same name is served from then on, and a bad one is
// not; from http to https takes a restart.
func TestReloadCertificate(t *testing.T) {
	t.Parallel()
	private, other := ca.New(t), ca.New(t)
	cert, key := private.Issue(t, "localhost", "127.0.0.1")
	base := meeting(nowhere(t))
	secured := base + "tls: {cert: " + cert + ", key: " + key + "}\n"
	file := configured(t, secured)
	router, plain := role(t, "router", file), role(t, "relay", configured(t, base))
	if !strings.HasPrefix(router.base, "https://") {
		t.Fatal(router.base)
	}
	trusts := func(c ca.CA) bool {
		roots := x509.NewCertPool()
		roots.AddCert(c.Cert)
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		response, err := (&http.Client{Transport: transport, Timeout: patience}).Get(router.base + "/healthz")
		if err != nil {
			return false
		}
		response.Body.Close()
		if response.ProtoMajor != 2 {
			t.Errorf("it speaks %s", response.Proto)
		}
		return true
	}
	if !trusts(private) || trusts(other) {
		t.Error("the certificate is not the first CA's")
	}
	copyFile := func(to, from string) {
		t.Helper()
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		rewrite(t, to, string(data))
	}
	newCert, newKey := other.Issue(t, "localhost", "127.0.0.1")
	copyFile(cert, newCert) // and the key is not there yet
	says(t, router.reloaded(), "level=ERROR", "was not reloaded", "tls.cert", "private key does not match")
	if !trusts(private) || trusts(other) {
		t.Error("a certificate with another's key is served")
	}
	copyFile(key, newKey)
	says(t, router.reloaded(), "was reloaded", "swapped=tls.cert")
	if trusts(private) || !trusts(other) {
		t.Error("the certificate is not the second CA's")
	}

	rewrite(t, file, base)
	says(t, router.reloaded(), "swapped=nothing", `restart="tls.cert tls.key"`)
	if !trusts(other) {
		t.Error("it has gone over to http")
	}
	if got := plain.health("/healthz"); got != http.StatusOK {
		t.Errorf("/healthz: %d", got)
	}
	router.Raceless()
}
