package test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A page opens a socket with a ticket that its server has traded for a token, at any
// router, once.
func TestTickets(t *testing.T) {
	t.Parallel()
	c := newGuarded(t)
	c.must(c.record("acme", keptSecret, "origins: ['https://app.example.com']", "limit: 3"), "keys", "add")
	token := c.token("--key=acme", "--all-targets")
	for _, router := range c.routers {
		c.knows(router, token, "")
	}
	page := http.Header{"Origin": {"https://app.example.com"}}
	text := c.ticket(c.routers[0], token)
	a := c.routers[1].create(c.target, page, "token", text, "nonce", "0123456789abcdef")
	a.is(t, http.StatusOK, "")
	s := &socket{server: c.relay, id: a.Socket}
	s.text("hello")
	s.is(message{Type: "text", Data: "hello"})
	// The same create again has the same answer, also by JSONP.
	if b := c.routers[1].create(c.target, page, "token", text, "nonce", "0123456789abcdef"); b.Socket != a.Socket {
		t.Errorf("again: %s", b.body)
	}
	jsonp := c.routers[1].create(c.target, http.Header{"Referer": {"https://app.example.com/"}}, "token", text, "nonce", "0123456789abcdef", "cb", "f")
	if jsonp.status != http.StatusOK || !strings.Contains(jsonp.body, a.Socket) {
		t.Errorf("by JSONP: %s", jsonp.body)
	}
	// Another is not, at either router.
	for _, router := range c.routers {
		router.create(c.target, page, "token", text).is(t, http.StatusUnauthorized, "token_invalid")
	}
	c.routers[0].create(c.target, http.Header{"Origin": {"https://evil.example"}}, "token", c.ticket(c.routers[0], token)).is(t, http.StatusForbidden, "origin_denied")
	c.routers[0].create(c.target+"/x", page, "token", c.ticket(c.routers[0], token)).is(t, http.StatusForbidden, "target_denied")
	c.trade(c.routers[0], "nonsense").is(t, http.StatusUnauthorized, "token_invalid")
	c.trade(c.routers[0], token, "target", "ws://evil.example/").is(t, http.StatusForbidden, "target_denied")
	c.trade(c.routers[0], token, "origin", "https://evil.example").is(t, http.StatusForbidden, "origin_denied")

	// Redis keeps no ticket and no token as they are.
	c.ticket(c.routers[0], token, "origin", "https://app.example.com")
	keys := strings.Fields(c.redis.Do("KEYS", "polysocket:ticket:*"))
	if len(keys) != 1 {
		t.Fatalf("Redis keeps %q", keys)
	}
	kept := c.redis.Do("GET", keys[0])
	for _, secret := range c.secrets {
		if strings.Contains(kept+keys[0], secret) {
			t.Errorf("Redis keeps %s %s", keys[0], kept)
		}
	}
	// A revoked token's tickets are no good.
	text = c.ticket(c.routers[0], token)
	c.must(token, "keys", "revoke", "acme", "--token=-")
	c.knows(c.routers[0], token, "token_invalid")
	c.routers[0].create(c.target, page, "token", text).is(t, http.StatusUnauthorized, "token_invalid")
	s.ends(1008, revokedReason, true)
}

// Of many who show a ticket at once one gets a socket, whichever router they ask; and all
// of them count by the token that was traded.
func TestTicketOnce(t *testing.T) {
	t.Parallel()
	c := newGuarded(t)
	token := c.token("--key=fixed", "--all-targets", "--limit=5")
	const rounds = 5
	for range rounds {
		text := c.ticket(c.routers[0], token)
		var opened, refused atomic.Int64
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				a, err := c.routers[i%2].try("GET", "/create?"+url.Values{"from": {"test"}, "target": {c.target}, "token": {text}}.Encode(), nil, nil)
				switch {
				case err != nil:
					t.Error(err)
				case a.OK:
					opened.Add(1)
				case a.status == http.StatusUnauthorized:
					refused.Add(1)
				default:
					t.Errorf("%d %s", a.status, a.body)
				}
			})
		}
		wg.Wait()
		if opened.Load() != 1 || refused.Load() != 19 {
			t.Errorf("a ticket is good for %d sockets, and %d were refused", opened.Load(), refused.Load())
		}
	}
	c.routers[1].create(c.target, nil, "token", c.ticket(c.routers[0], token)).is(t, http.StatusTooManyRequests, "limit_reached")
}
