package test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
	"github.com/polysocket/polysocket/test/process"
)

// A guarded cluster has two routers and a relay that ask for tokens, and a target. The key
// "fixed" is in its configuration.
type guarded struct {
	*testing.T
	redis   *redistest.Server
	file    string
	routers []*server
	relay   *server
	target  string
	secrets []string // that no process may print
}

const fixedSecret = "the secret of the key that is in the configuration"

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	c := &guarded{T: t, redis: redistest.Start(t, redistest.Options{}), secrets: []string{fixedSecret}}
	_, c.target = ws(t)
	c.file = configured(t, c.config("fixed"))
	for range 2 {
		c.routers = append(c.routers, c.start("router"))
	}
	c.relay = c.start("relay")
	fixed := c.token("--key=fixed", "--all-targets")
	for _, s := range append(c.routers, c.relay) {
		s.becomes(http.StatusOK)
	}
	for _, router := range c.routers {
		process.Until(t, "a relay", func() bool { return router.create(c.target, nil, "token", fixed).OK })
	}
	t.Cleanup(func() {
		for _, s := range append(c.routers, c.relay) {
			s.Raceless()
			for _, secret := range c.secrets {
				if strings.Contains(s.Output(), secret) {
					t.Errorf("a secret is in the log of %s: %s", s.base, secret)
				}
			}
		}
	})
	return c
}

// config is a configuration with these keys.
func (c *guarded) config(ids ...string) string {
	var keys strings.Builder
	for _, id := range ids {
		keys.WriteString("  - " + strings.ReplaceAll(c.record(id, fixedSecret), "\n", "\n    ") + "\n")
	}
	return meeting(c.redis.URL()) + "log_level: debug\nlimits: {creates_per_address: 0}\nkeys:\n" + keys.String()
}

// record is a key's record.
func (c *guarded) record(id, secret string, more ...string) string {
	return strings.Join(append([]string{"id: " + id, "secret: " + secret, "targets: ['" + strings.TrimSuffix(c.target, "/") + "/*']"}, more...), "\n")
}

func (c *guarded) start(command string) *server {
	c.Helper()
	return ready(c.T, command, with(c.T, nil, command, "--config="+c.file, "--listen=127.0.0.1:0"))
}

// run runs a command of the cluster's, with something on stdin, and gives what it printed.
func (c *guarded) run(stdin string, args ...string) (output string, ok bool) {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, binary, append(args, "--config="+c.file)...)
	command.Stdin = strings.NewReader(stdin)
	out, err := command.CombinedOutput()
	return strings.TrimSpace(string(out)), err == nil
}

// must is run that succeeds.
func (c *guarded) must(stdin string, args ...string) string {
	c.Helper()
	out, ok := c.run(stdin, args...)
	if !ok {
		c.Fatalf("%v: %s", args, out)
	}
	return out
}

// token mints one.
func (c *guarded) token(args ...string) string {
	c.Helper()
	text := c.must("", append([]string{"token"}, args...)...)
	c.secrets = append(c.secrets, text)
	return text
}

// open opens a socket by a router.
func (c *guarded) open(router *server, token string) *socket {
	c.Helper()
	a := router.create(c.target, nil, "token", token)
	a.is(c.T, http.StatusOK, "")
	c.secrets = append(c.secrets, a.Socket)
	return &socket{server: c.relay, id: a.Socket}
}

// ticket trades a token for a ticket.
func (c *guarded) ticket(router *server, token string, params ...string) string {
	c.Helper()
	a := c.trade(router, token, params...)
	var body struct{ Ticket string }
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != http.StatusOK || body.Ticket == "" {
		c.Fatalf("%d %s", a.status, a.body)
	}
	c.secrets = append(c.secrets, body.Ticket)
	return body.Ticket
}

func (c *guarded) trade(router *server, token string, params ...string) answer {
	c.Helper()
	v := url.Values{"target": {c.target}}
	for i := 0; i < len(params); i += 2 {
		v.Set(params[i], params[i+1])
	}
	return router.do("POST", "/ticket", []byte(v.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {"Bearer " + token},
	})
}
