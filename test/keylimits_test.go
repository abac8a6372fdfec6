package test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polysocket/polysocket/test/process"
	"github.com/polysocket/polysocket/token"
)

// A limit is exact over all routers, and the place of a socket that was closed is free
// again in seconds.
func TestKeyLimits(t *testing.T) {
	t.Parallel()
	const limit = 7
	plain, plainHash := opaque()
	k := newKeyed(t, fmt.Sprintf(`
keys:
- id: acme
  secret: env:ACME_SECRET
  targets: ["TARGET/*"]
  limit: %d
  key_limit: %d
- id: plain
  tokens: [{sha256: %s, limit: 2}]
  targets: ["TARGET/*"]
limits: {dials_per_token: 0, creates_per_address: 0, sockets_per_address: %d}
`, limit, limit+3, plainHash, limit+4), "ACME_SECRET="+acmeSecret)
	second := k.start("router")
	second.becomes(http.StatusOK)
	process.Until(t, "a relay", func() bool {
		return strings.Contains(second.do("GET", "/relay?host="+strings.TrimPrefix(k.relay.base, "http://"), nil, nil).body, `"alive":true`)
	})
	claims := func(subject string) token.Claims { return token.Claims{AllTargets: true, Subject: subject} }
	one, two := mint(t, "acme", acmeSecret, claims("one")), mint(t, "acme", acmeSecret, claims("two"))

	var mu sync.Mutex
	var open []*socket
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			a := k.askAt([]*server{k.router, second}[i%2], one, nil, "nonce", fmt.Sprintf("%032d", i))
			if a.OK {
				mu.Lock()
				defer mu.Unlock()
				open = append(open, k.opened(a))
				return
			}
			if a.status != http.StatusTooManyRequests || a.Code != "limit_reached" || a.header.Get("Retry-After") == "" || !strings.Contains(a.Error, "with this token") {
				t.Errorf("%d %s %v", a.status, a.body, a.header)
			}
		})
	}
	wg.Wait()
	if len(open) != limit {
		t.Fatalf("%d sockets are open with a token that may have %d", len(open), limit)
	}
	// The same create again takes no second place, and another token has its own.
	for range 2 {
		k.opened(k.ask(two, nil, "nonce", "the-same-create-again"))
	}
	reached := func(text, says string) {
		t.Helper()
		a := k.ask(text, nil)
		a.is(t, http.StatusTooManyRequests, "limit_reached")
		if !strings.Contains(a.Error, says) {
			t.Errorf("it says %s", a.Error)
		}
	}
	k.opened(k.ask(two, nil))
	k.opened(k.ask(two, nil))
	reached(two, "with the key of this token")
	k.opened(k.ask(plain, nil))
	reached(plain, "from this address")
	// What was refused after it had a place in another limit has given it back.
	s := open[0]
	s.close(1000, "")
	took := process.Within(t, 5*time.Second, "a place", func() bool {
		a := k.ask(one, nil)
		if a.OK {
			k.opened(a)
		}
		return a.OK
	})
	t.Logf("the place of a closed socket was free after %v", took)
	reached(one, "with this token")
	second.Raceless()
	k.router.Raceless()
	k.relay.Raceless()
}

// Rates say how long to wait, and of whom they are counted.
func TestKeyRates(t *testing.T) {
	t.Parallel()
	var texts [4]string
	var tokens []string
	for i := range texts {
		text, hash := opaque()
		texts[i] = text
		tokens = append(tokens, "{sha256: "+hash+"}")
	}
	keys := func(rate string) string {
		return "keys:\n- {id: a, tokens: [" + strings.Join(tokens[:2], ", ") + "], targets: ['TARGET/*'], rate: " + rate + "}\n" +
			"- {id: b, tokens: [" + strings.Join(tokens[2:], ", ") + "], targets: ['TARGET/*']}\n"
	}
	k := newKeyed(t, keys("3/h")+"proxies: [127.0.0.1/32]\nlimits: {sockets_per_address: 0}\n")
	limited := func(a answer, most time.Duration, says string) {
		t.Helper()
		a.is(t, http.StatusTooManyRequests, "rate_limited")
		after, err := strconv.Atoi(a.header.Get("Retry-After"))
		if err != nil || after < 1 || time.Duration(after)*time.Second > most {
			t.Errorf("Retry-After: %s", a.header.Get("Retry-After"))
		}
		if !strings.Contains(a.Error, says) {
			t.Errorf("it says %s", a.Error)
		}
	}
	const often = "too often"
	for i := range 3 {
		k.opened(k.ask(texts[i%2], nil))
	}
	limited(k.ask(texts[0], nil), 20*time.Minute+time.Second, often)
	k.opened(k.ask(texts[2], nil)) // of another key

	swap := func(limits string) {
		t.Helper()
		rewrite(t, k.file, k.yaml(keys("0")+"proxies: [127.0.0.1/32]\nlimits: {sockets_per_address: 0, "+limits+"}\n"))
		says(t, k.router.reloaded(), "was reloaded")
		says(t, k.relay.reloaded(), "was reloaded")
	}
	// What was taken of the rate before is made up for in a moment.
	soon := func(text string) {
		t.Helper()
		process.Until(t, "a socket", func() bool { return k.ask(text, nil).OK })
	}
	from := func(address, text string) answer {
		t.Helper()
		return k.ask(text, sent("X-Forwarded-For", address))
	}
	swap("dials_per_token: 2/h")
	for range 2 {
		k.opened(k.ask(texts[3], nil))
	}
	limited(k.ask(texts[3], nil), 30*time.Minute+time.Second, often)
	swap("dials_per_host: 1/h")
	soon(texts[0])
	limited(k.ask(texts[2], nil), time.Hour+time.Second, often)
	swap("dials_per_address: 1/h")
	soon(texts[0])
	limited(k.ask(texts[2], nil), time.Hour+time.Second, often)
	// Guesses count too, and stop at their address.
	swap("dials_per_address: 0, creates_per_address: 4/h")
	for i := range 4 {
		from("203.0.113.1", fmt.Sprint("guess-", i, "-of-a-token")).is(t, http.StatusUnauthorized, "token_invalid")
	}
	limited(from("203.0.113.1", texts[0]), 15*time.Minute+time.Second, "from this address")
	limited(from("198.51.100.1, 203.0.113.1", texts[0]), 15*time.Minute+time.Second, "from this address")
	k.opened(from("203.0.113.2", texts[0]))
	k.router.Raceless()
	k.relay.Raceless()
}
