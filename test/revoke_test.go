package test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/polysocket/polysocket/test/process"
)

// soon is within how long what was revoked is so everywhere.
const soon = 10 * time.Second

const keptSecret = "the secret of the key that is kept in Redis"

// revokedReason is what the clients of closed sockets read.
const revokedReason = "the key or the token was revoked"

func (c *guarded) add(id string, more ...string) {
	c.Helper()
	c.secrets = append(c.secrets, keptSecret)
	c.must(c.record(id, keptSecret), append([]string{"keys", "add"}, more...)...)
}

// knows waits until a router answers so to a create.
func (c *guarded) knows(router *server, token, code string) {
	c.Helper()
	process.Within(c.T, soon, "an answer of "+code, func() bool { return router.create(c.target, nil, "token", token).Code == code })
}

// A key that is added is known to all routers at once, and one that is revoked too; its
// sockets are closed, and lose nothing.
func TestRevokeKey(t *testing.T) {
	t.Parallel()
	c := newGuarded(t)
	c.add("acme")
	token := c.token("--key=acme", "--target="+c.target, "--ttl=1h")
	fixed := c.token("--key=fixed", "--all-targets", "--ttl=1h")
	var sockets []*socket
	for _, router := range c.routers {
		c.knows(router, token, "")
		sockets = append(sockets, c.open(router, token))
	}
	lives := c.open(c.routers[0], fixed)
	const messages = 50
	for _, s := range sockets {
		for i := range messages {
			s.text(fmt.Sprint(i))
		}
	}
	if out, ok := c.run(c.record("acme", keptSecret), "keys", "add"); ok || !strings.Contains(out, "--replace") {
		t.Errorf("it was added again: %s", out)
	}
	if out, ok := c.run(c.record("fixed", keptSecret), "keys", "add"); ok || !strings.Contains(out, "configuration") {
		t.Errorf("the configuration's was added: %s", out)
	}
	list := c.must("", "keys", "list")
	show := c.must("", "keys", "show", "acme")
	for _, want := range []string{"acme", "fixed", "Redis", "the configuration"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list says nothing of %s:\n%s", want, list)
		}
	}
	if strings.Contains(list+show, "the secret of") || !strings.Contains(show, c.target) {
		t.Errorf("shown:\n%s\n%s", list, show)
	}

	out := c.must("", "keys", "revoke", "acme")
	if !strings.Contains(out, "1 relays were told") {
		t.Errorf("revoked: %s", out)
	}
	for _, router := range c.routers {
		c.knows(router, token, "token_invalid")
	}
	for _, s := range sockets {
		for i := range messages {
			s.is(message{Type: "text", Data: fmt.Sprint(i)})
		}
		s.ends(1008, revokedReason, true)
	}
	lives.text("hello")
	lives.is(message{Type: "text", Data: "hello"})
	if out, ok := c.run("", "keys", "revoke", "acme"); ok {
		t.Errorf("it was revoked twice: %s", out)
	}
	if out, ok := c.run("", "keys", "revoke", "fixed"); ok || !strings.Contains(out, "SIGHUP") {
		t.Errorf("the configuration's was revoked: %s", out)
	}
	// And there it is again.
	c.add("acme")
	c.knows(c.routers[1], token, "")
	again := c.open(c.routers[1], token)
	again.text("hello")
	again.is(message{Type: "text", Data: "hello"})
}

// One token is revoked, and the others of its key are not.
func TestRevokeToken(t *testing.T) {
	t.Parallel()
	c := newGuarded(t)
	c.add("acme")
	var tokens [3]string
	var sockets [3]*socket
	for i := range tokens {
		tokens[i] = c.token("--key=acme", "--all-targets", fmt.Sprint("--subject=", i))
		c.knows(c.routers[i%2], tokens[i], "")
		sockets[i] = c.open(c.routers[i%2], tokens[i])
	}
	out := c.must(tokens[0]+"\n", "keys", "revoke", "acme", "--token=-")
	if strings.Contains(out, tokens[0]) {
		t.Errorf("it says the token: %s", out)
	}
	id := out[strings.Index(out, "the token ")+len("the token "):][:64]
	sockets[0].ends(1008, revokedReason, true)
	for _, router := range c.routers {
		c.knows(router, tokens[0], "token_invalid")
		router.create(c.target, nil, "token", tokens[1]).is(t, http.StatusOK, "")
	}
	if out, ok := c.run("", "keys", "revoke", "acme", "--token="+id); ok || !strings.Contains(out, "already") {
		t.Errorf("by its id: %s", out)
	}
	for stdin, args := range map[string]string{"nonsense": "--token=-", "": "--token=" + tokens[1]} {
		if out, ok := c.run(stdin, "keys", "revoke", "acme", args); ok || strings.Contains(out, tokens[1]) {
			t.Errorf("%s: %s", args[:9], out)
		}
	}
	for _, s := range sockets[1:] {
		s.text("hello")
		s.is(message{Type: "text", Data: "hello"})
	}
	// Replacing the key brings no token back.
	c.add("acme", "--replace")
	for _, router := range c.routers {
		router.create(c.target, nil, "token", tokens[0]).is(t, http.StatusUnauthorized, "token_invalid")
	}
}

// What the configuration has no more when it is reloaded is revoked too: the router that
// reloads has all relays close its sockets.
func TestRevokeByReload(t *testing.T) {
	t.Parallel()
	c := newGuarded(t)
	rewrite(t, c.file, c.config("fixed", "second"))
	c.routers[0].reloaded()
	token := c.token("--key=second", "--all-targets")
	s := c.open(c.routers[0], token)
	lives := c.open(c.routers[0], c.token("--key=fixed", "--all-targets"))
	rewrite(t, c.file, c.config("fixed"))
	says(t, c.routers[0].reloaded(), "swapped=keys")
	c.routers[0].create(c.target, nil, "token", token).is(t, http.StatusUnauthorized, "token_invalid")
	s.ends(1008, revokedReason, true)
	lives.text("hello")
	lives.is(message{Type: "text", Data: "hello"})
}

// A Redis that starts anew has lost the keys that it kept, and revoked none: those of
// the configuration go on, and every socket.
func TestKeysLost(t *testing.T) {
	t.Parallel()
	c := newGuarded(t)
	c.add("acme")
	fixed, token := c.token("--key=fixed", "--all-targets"), c.token("--key=acme", "--all-targets")
	c.knows(c.routers[0], token, "")
	s := c.open(c.routers[0], token)
	c.redis.Stop()
	s.text("away")
	s.is(message{Type: "text", Data: "away"})
	c.redis.Restart()
	for _, router := range c.routers {
		process.Until(t, "a socket", func() bool { return router.create(c.target, nil, "token", fixed).OK })
		c.knows(router, token, "token_invalid")
	}
	if out, ok := c.run("", "keys", "show", "acme"); ok {
		t.Errorf("it is there: %s", out)
	}
	s.text("back")
	s.is(message{Type: "text", Data: "back"})
	c.add("acme")
	for _, router := range c.routers {
		c.knows(router, token, "")
	}
	s.text("again")
	s.is(message{Type: "text", Data: "again"})
}

// A relay that is not there yet when a key is revoked closes its sockets when it is.
func TestRevokeUnheard(t *testing.T) {
	t.Parallel()
	c := newGuarded(t)
	c.add("acme")
	token := c.token("--key=acme", "--all-targets")
	c.knows(c.routers[0], token, "")
	s := c.open(c.routers[0], token)
	c.redis.Pause()
	c.relay.becomes(http.StatusServiceUnavailable) // and nobody is on its channel
	c.redis.Continue()
	c.must("", "keys", "revoke", "acme")
	s.ends(1008, revokedReason, true)
}
