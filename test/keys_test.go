package test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/test/process"
	"github.com/polysocket/polysocket/token"
)

const acmeSecret = "acme's secret, of thirty-two bytes at least"

// Who has a token gets a socket, and who has none gets the code that says why.
func TestKeys(t *testing.T) {
	t.Parallel()
	plain, plainHash := opaque()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	k := newKeyed(t, `
keys:
- id: acme
  secret: env:ACME_SECRET
  origins: ["https://app.example.com", "https://*.example.org"]
  targets: ["TARGET/*"]
- id: programs
  tokens: [{sha256: `+plainHash+`}]
  targets: ["TARGET/room", "wss://*/*"]
- id: quiet
  public_key: |
    `+strings.ReplaceAll(strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))), "\n", "\n    ")+`
  origins: "*"
  targets: "TARGET/*"
  jsonp: false
`, "ACME_SECRET="+acmeSecret)
	good := mint(t, "acme", acmeSecret, token.Claims{AllTargets: true})
	narrow := mint(t, "acme", acmeSecret, token.Claims{Targets: []string{k.prefix + "/room"}})
	signer, err := token.Private("quiet", private)
	if err != nil {
		t.Fatal(err)
	}
	quiet, err := signer.Mint(token.Claims{AllTargets: true})
	if err != nil {
		t.Fatal(err)
	}

	s := k.opened(k.ask(good, nil))
	s.text("hello")
	s.is(message{Type: "text", Data: "hello"})
	for _, text := range []string{narrow, plain, quiet} {
		k.opened(k.ask(text, nil))
	}
	k.opened(k.note(k.router.create(k.target, http.Header{"Authorization": {"Bearer " + good}})))
	k.opened(k.ask(plain, nil, "target", k.prefix+"/other/.././%72oom"))

	t.Run("tokens", func(t *testing.T) {
		const claims = `{"exp":4102444800}`
		for name, text := range map[string]string{
			"none":              "",
			"a guess":           "0123456789abcdef",
			"of another secret": mint(t, "acme", strings.ToUpper(acmeSecret), token.Claims{AllTargets: true}),
			"of no key":         mint(t, "nobody", acmeSecret, token.Claims{AllTargets: true}),
			"of another key":    mint(t, "quiet", acmeSecret, token.Claims{AllTargets: true}),
			"without a kid":     forge(acmeSecret, `{"alg":"HS256"}`, claims),
			"unsigned":          strings.TrimRight(forge(acmeSecret, `{"alg":"none","kid":"acme"}`, claims), "="),
			"of no exp":         forge(acmeSecret, `{"alg":"HS256","kid":"acme"}`, `{}`),
			"of bad targets":    forge(acmeSecret, `{"alg":"HS256","kid":"acme"}`, `{"exp":4102444800,"targets":["x"]}`),
			"cut":               good[:len(good)-1],
			"long":              strings.Repeat("x", 9000),
		} {
			a := k.ask(text, nil)
			if a.status != http.StatusUnauthorized || a.Code != "token_invalid" || a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: %d %s, %v", name, a.status, a.body, a.header)
			}
		}
		a := k.ask(forge(acmeSecret, `{"alg":"HS256","kid":"acme"}`, `{"exp":1000000000}`), nil)
		a.is(t, http.StatusUnauthorized, "token_expired")
		if a.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("expired: %v", a.header)
		}
		// What is signed, and taken, is this.
		k.opened(k.ask(forge(acmeSecret, `{"alg":"HS256","kid":"acme"}`, claims), nil))
	})

	t.Run("origins", func(t *testing.T) {
		for _, test := range []struct {
			name, token string
			header      http.Header
			code        string
		}{
			{"a page", good, sent("Origin", "https://app.example.com", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors"), ""},
			{"a page of a pattern", good, sent("Origin", "https://a.b.example.org"), ""},
			{"a page by its referrer", good, sent("Referer", "https://app.example.com/page", "Sec-Fetch-Mode", "no-cors"), ""},
			{"a page named like it", good, sent("Origin", "https://app.example.com.evil.example"), "origin_denied"},
			{"a page on another port", good, sent("Origin", "https://app.example.com:8443"), "origin_denied"},
			{"a page without TLS", good, sent("Origin", "http://app.example.com"), "origin_denied"},
			{"a page of this machine", good, sent("Origin", "http://localhost:3000"), "origin_denied"},
			{"a sandboxed page", good, sent("Origin", "null"), "origin_denied"},
			{"a page that hides", good, sent("Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "cross-site"), "origin_denied"},
			{"a page, and a key for programs", plain, sent("Origin", "https://app.example.com"), "origin_denied"},
			{"a page that hides, and a key for programs", plain, sent("Sec-Fetch-Mode", "navigate"), "origin_denied"},
			{"any page", quiet, sent("Origin", "https://whatever.example"), ""},
			{"a page that hides, and a key for all", quiet, sent("Sec-Fetch-Mode", "no-cors"), ""},
		} {
			a := k.ask(test.token, test.header)
			if a.Code != test.code || test.code != "" && a.status != http.StatusForbidden {
				t.Errorf("%s: %d %s", test.name, a.status, a.body)
			}
		}
	})

	t.Run("JSONP", func(t *testing.T) {
		referrer := sent("Referer", "https://app.example.com/", "Sec-Fetch-Dest", "script", "Sec-Fetch-Mode", "no-cors")
		jsonp := func(text string) answer {
			return k.note(k.router.create(k.target, referrer, "token", text, "cb", "cb"))
		}
		k.opened(jsonp(good))
		if a := jsonp(quiet); a.status != http.StatusOK || a.Code != "origin_denied" || !strings.HasPrefix(a.body, "/**/cb({") {
			t.Errorf("switched off: %d %s", a.status, a.body)
		}
		if a := jsonp(plain); a.Code != "origin_denied" {
			t.Errorf("a key for programs: %d %s", a.status, a.body)
		}
	})

	t.Run("targets", func(t *testing.T) {
		for _, test := range []struct{ token, target, code string }{
			{good, k.prefix + "/other?query=free", ""},
			{narrow, k.prefix + "/room?query=free", ""},
			{narrow, k.prefix + "/other", "target_denied"},
			{narrow, k.prefix + "/room/../other", "target_denied"},
			{narrow, k.prefix + "/room/x", "target_denied"},
			{plain, k.prefix + "/other", "target_denied"},
			{good, strings.Replace(k.prefix, "127.0.0.1", "127.0.0.2", 1) + "/room", "target_denied"},
			{good, strings.Replace(k.prefix, "ws:", "wss:", 1) + "/room", "target_denied"},
			{good, k.prefix + "/x%2f..%2froom", "target_denied"},
			{good, "ws://127.0.0.1:1/", "target_denied"},
			{plain, "wss://10.0.0.1/", "target_denied"}, // which the guard says
		} {
			if a := k.ask(test.token, nil, "target", test.target); a.Code != test.code || test.code != "" && a.status != http.StatusForbidden {
				t.Errorf("%.5s… to %s: %d %s", test.token, test.target, a.status, a.body)
			}
		}
		// Nobody opens what router and relay are made of, whoever they are.
		rewrite(t, k.file, k.yaml("keys: [{id: acme, secret: env:ACME_SECRET, targets: ['ws://127.0.0.1:*/*', 'ws://*/*']}]\n"))
		if line := k.router.reloaded(); !strings.Contains(line, "level=ERROR") || !strings.Contains(line, "keys[0] (acme): targets: ") {
			t.Errorf("a pattern that is none: %s", line)
		}
		redis := strings.TrimPrefix(strings.Split(strings.Split(k.base, "\n")[0], " ")[1], "redis")
		var own []string
		for _, url := range []string{redis, strings.TrimPrefix(k.relay.base, "http")} {
			own = append(own, "ws"+url+"/x")
		}
		rewrite(t, k.file, k.yaml("keys: [{id: acme, secret: env:ACME_SECRET, targets: ['"+strings.Join(own, "', '")+"']}]\n"))
		says(t, k.router.reloaded(), "was reloaded", "swapped=keys")
		for _, target := range own {
			k.ask(good, nil, "target", target).is(t, http.StatusForbidden, "target_denied")
		}
	})
	k.router.Raceless()
	k.relay.Raceless()
}

// A key's JSON Web Key Set is fetched, and one that is new with it by SIGHUP.
func TestKeySet(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one","x":"%s"}]}`, base64.RawURLEncoding.EncodeToString(public))
	}))
	t.Cleanup(set.Close)
	signer, err := token.Private("one", private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signer.Mint(token.Claims{AllTargets: true})
	if err != nil {
		t.Fatal(err)
	}
	const none = "keys: []\nlimits: {creates_per_address: 0}\n"
	k := newKeyed(t, none)
	k.ask(text, nil).is(t, http.StatusUnauthorized, "token_invalid")
	rewrite(t, k.file, k.yaml("keys: [{id: issuer, jwks_url: '"+set.URL+"', targets: ['TARGET/*']}]\nlimits: {creates_per_address: 0}\n"))
	says(t, k.router.reloaded(), "was reloaded")
	process.Until(t, "the key set", func() bool { return k.ask(text, nil).OK })
	rewrite(t, k.file, k.yaml(none))
	says(t, k.router.reloaded(), "was reloaded")
	k.ask(text, nil).is(t, http.StatusUnauthorized, "token_invalid")
	k.router.Raceless()
}

// SIGHUP swaps keys; with bad ones all stays as it was, and no secret is told.
func TestReloadKeys(t *testing.T) {
	t.Parallel()
	one, oneHash := opaque()
	two, twoHash := opaque()
	list := func(hash string) string {
		return "keys: [{id: acme, tokens: [{sha256: " + hash + "}], targets: ['TARGET/*']}]\n"
	}
	k := newKeyed(t, list(oneHash))
	old := k.opened(k.ask(one, nil))
	k.ask(two, nil).is(t, http.StatusUnauthorized, "token_invalid")

	rewrite(t, k.file, k.yaml(list(twoHash)+"limits: {creates_per_address: 0}\n"))
	says(t, k.router.reloaded(), "level=INFO", `swapped="keys limits.creates_per_address"`)
	k.ask(one, nil).is(t, http.StatusUnauthorized, "token_invalid")
	k.opened(k.ask(two, nil))
	old.text("it lives on")
	old.is(message{Type: "text", Data: "it lives on"})

	for _, bad := range []struct{ yaml, want string }{
		{list(oneHash) + "limits: {dials_per_host: fast}\n", "limits.dials_per_host: "},
		{"keys: [{id: acme, secret: " + k.hide("a secret that is too short") + ", targets: ['TARGET/*']}]\n", "polysocket.yaml:5: keys[0] (acme): secret: "},
		{"keys: [{id: acme, tokens: [{sha256: " + oneHash + "}], targets: ['TARGET/*'], secret: env:NOT_THERE}]\n", "NOT_THERE is not set"},
		{"", "--open"}, // nobody has said any more who may
	} {
		rewrite(t, k.file, k.yaml(bad.yaml))
		says(t, k.router.reloaded(), "level=ERROR", "was not reloaded", bad.want)
		k.opened(k.ask(two, nil))
	}
	rewrite(t, k.file, k.yaml("keys: []\n"))
	says(t, k.router.reloaded(), "was reloaded", "keys")
	k.ask(two, nil).is(t, http.StatusUnauthorized, "token_invalid")
	k.router.Raceless()
}

// Neither starts open to all and for some.
func TestKeysOrOpen(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"router", "relay"} {
		p := process.Start(t, binary, command, "--open", "--config="+configured(t, meeting(nowhere(t))+"keys: []\n"), "--listen=127.0.0.1:0")
		if status := p.Exit(); status == 0 || !strings.Contains(p.Output(), "--open lets anybody in, and keys let in those alone who have a token: choose one") {
			t.Errorf("%s: exit status %d", command, status)
		}
		p = process.Start(t, binary, command, "--config="+configured(t, meeting(nowhere(t))+"keys: []\n"), "--listen=127.0.0.1:0")
		p.Line("polysocket " + command + " is ready: ")
	}
}
