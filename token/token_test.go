package token_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/wire"
	"github.com/polysocket/polysocket/token"
)

func pemOf(t *testing.T, kind string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func publicPEM(t *testing.T, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	return string(pemOf(t, "PUBLIC KEY", der, err))
}

// ringOf is a server with one key.
func ringOf(t *testing.T, k auth.Key) *auth.Keys {
	t.Helper()
	k.ID, k.Targets, k.Limit = "acme", []string{"wss://ws.example.com/*"}, 100
	ring, err := auth.NewKeys([]auth.Key{k}, auth.KeysOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func ask(t *testing.T, ring *auth.Keys, text, target string) (auth.Grant, error) {
	t.Helper()
	u, err := wire.ParseTarget(target)
	if err != nil {
		t.Fatal(err)
	}
	return ring.Authorize(t.Context(), auth.Request{Token: text, Target: u})
}

// What each kind of key signs, the server takes, and as it was meant.
func TestMint(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rs, _ := rsa.GenerateKey(rand.Reader, 2048)
	pkcs8, errEd := x509.MarshalPKCS8PrivateKey(ed)
	sec1, errEC := x509.MarshalECPrivateKey(ec)
	for _, test := range []struct {
		name   string
		make   func() (*token.Key, error)
		server auth.Key
	}{
		{"HS256", func() (*token.Key, error) { return token.Secret("acme", secret) }, auth.Key{Secret: string(secret)}},
		{"EdDSA", func() (*token.Key, error) { return token.Private("acme", ed) }, auth.Key{PublicKey: publicPEM(t, ed)}},
		{"ES256", func() (*token.Key, error) { return token.Private("acme", ec) }, auth.Key{PublicKey: publicPEM(t, ec)}},
		{"RS256", func() (*token.Key, error) { return token.Private("acme", rs) }, auth.Key{PublicKey: publicPEM(t, rs)}},
		{"EdDSA, PEM", func() (*token.Key, error) { return token.PEM("acme", pemOf(t, "PRIVATE KEY", pkcs8, errEd)) }, auth.Key{PublicKey: publicPEM(t, ed)}},
		{"ES256, PEM", func() (*token.Key, error) { return token.PEM("acme", pemOf(t, "EC PRIVATE KEY", sec1, errEC)) }, auth.Key{PublicKey: publicPEM(t, ec)}},
		{"RS256, PEM", func() (*token.Key, error) {
			return token.PEM("acme", pemOf(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rs), nil))
		}, auth.Key{PublicKey: publicPEM(t, rs)}},
	} {
		key, err := test.make()
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		text, err := key.Mint(token.Claims{Targets: []string{"wss://ws.example.com/chat/*"}, Limit: 7, TTL: time.Minute, Subject: "u"})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		ring := ringOf(t, test.server)
		grant, err := ask(t, ring, text, "wss://ws.example.com/chat/x")
		if left := time.Until(grant.Expires); err != nil || grant.Key != "acme" || grant.Limit != 7 || left > time.Minute || left < 50*time.Second {
			t.Errorf("%s: %+v, %v", test.name, grant, err)
		}
		var e *wire.Error
		if _, err := ask(t, ring, text, "wss://ws.example.com/"); !errors.As(err, &e) || e.Code != wire.TargetDenied {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestClaims(t *testing.T) {
	key, err := token.Secret("acme", secret)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { // where the time is that of year 2000, and stands still
		now := float64(time.Now().Unix())
		for _, test := range []struct {
			claims token.Claims
			want   map[string]any
		}{
			{token.Claims{AllTargets: true}, map[string]any{"iat": now, "exp": now + 300}},
			{token.Claims{AllTargets: true, TTL: 90 * time.Second}, map[string]any{"iat": now, "exp": now + 90}},
			{
				token.Claims{Targets: []string{"ws://a/", "wss://*/*"}, Limit: 3, Subject: "u", Audience: "us", TTL: time.Hour},
				map[string]any{"iat": now, "exp": now + 3600, "targets": []any{"ws://a/", "wss://*/*"}, "limit": 3.0, "sub": "u", "aud": "us"},
			},
		} {
			text, err := key.Mint(test.claims)
			if err != nil {
				t.Errorf("%+v: %v", test.claims, err)
				continue
			}
			var parts [2]map[string]any
			for i, part := range strings.Split(text, ".")[:2] {
				plain, err := base64.RawURLEncoding.DecodeString(part)
				if err != nil || json.Unmarshal(plain, &parts[i]) != nil {
					t.Errorf("%s: %v", part, err)
				}
			}
			if diff := cmp.Diff([2]map[string]any{{"alg": "HS256", "kid": "acme", "typ": "JWT"}, test.want}, parts); diff != "" {
				t.Errorf("%+v: %s", test.claims, diff)
			}
		}
	})
}

func TestAudience(t *testing.T) {
	key, err := token.Secret("acme", secret)
	if err != nil {
		t.Fatal(err)
	}
	text, err := key.Mint(token.Claims{AllTargets: true, Audience: "us"})
	if err != nil {
		t.Fatal(err)
	}
	for audience, want := range map[string]bool{"us": true, "them": false, "": false} {
		if _, err := ask(t, ringOf(t, auth.Key{Secret: string(secret), Audience: audience}), text, "wss://ws.example.com/"); (err == nil) != want {
			t.Errorf("the key's audience is %q: %v", audience, err)
		}
	}
}

func TestMintBad(t *testing.T) {
	key, err := token.Secret("acme", secret)
	if err != nil {
		t.Fatal(err)
	}
	some := []string{"wss://ws.example.com/*"}
	long := make([]string, 400)
	for i := range long {
		long[i] = some[0]
	}
	for want, claims := range map[string]token.Claims{
		"there are no targets":             {},
		"no targets, so":                   {Targets: []string{}},
		"targets and AllTargets":           {Targets: some, AllTargets: true},
		`target pattern "https://a/"`:      {Targets: []string{some[0], "https://a/"}},
		"a limit of -1":                    {Targets: some, Limit: -1},
		"a TTL of -1s":                     {Targets: some, TTL: -time.Second},
		"a TTL of 999ms":                   {Targets: some, TTL: 999 * time.Millisecond},
		"and 8192 are taken: give it fewe": {Targets: long},
	} {
		if text, err := key.Mint(claims); err == nil || text != "" || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "token: ") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A key that is broken is found out when it signs.
func TestMintBrokenKey(t *testing.T) {
	n := new(big.Int).Lsh(big.NewInt(1), 2047)
	key, err := token.Private("acme", &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}, D: big.NewInt(1)})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := key.Mint(token.Claims{AllTargets: true}); err == nil || text != "" || !strings.HasPrefix(err.Error(), "token: ") {
		t.Errorf("%q, %v", text, err)
	}
}

// agreeing is a key that signs nothing.
func agreeing(t *testing.T) *ecdh.PrivateKey {
	t.Helper()
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A signer is one of a kind that nobody knows.
type signer struct{ crypto.Signer }

func TestKeyBad(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	pkcs8, errEd := x509.MarshalPKCS8PrivateKey(ed)
	x25519, errX := x509.MarshalPKCS8PrivateKey(agreeing(t))
	for want, make := range map[string]func() (*token.Key, error){
		"the key has no id":                func() (*token.Key, error) { return token.Secret("", secret) },
		"a secret of 31 bytes":             func() (*token.Key, error) { return token.Secret("acme", secret[1:]) },
		"a secret of 0 bytes":              func() (*token.Key, error) { return token.Secret("acme", nil) },
		"no id: give":                      func() (*token.Key, error) { return token.Private("", ed) },
		"on the curve P-384":               func() (*token.Key, error) { return token.Private("acme", p384) },
		"of the type token_test.signer":    func() (*token.Key, error) { return token.Private("acme", signer{ed}) },
		"of the type <nil>":                func() (*token.Key, error) { return token.Private("acme", nil) },
		"is not PEM":                       func() (*token.Key, error) { return token.PEM("acme", secret) },
		`the type "PUBLIC KEY"`:            func() (*token.Key, error) { return token.PEM("acme", []byte(publicPEM(t, ed))) },
		`the type "ENCRYPTED PRIVATE KEY"`: func() (*token.Key, error) { return token.PEM("acme", pemOf(t, "ENCRYPTED PRIVATE KEY", pkcs8, errEd)) },
		"not a private key":                func() (*token.Key, error) { return token.PEM("acme", pemOf(t, "PRIVATE KEY", pkcs8[1:], errEd)) },
		"*ecdh.PrivateKey signs nothing":   func() (*token.Key, error) { return token.PEM("acme", pemOf(t, "PRIVATE KEY", x25519, errX)) },
	} {
		key, err := make()
		if key != nil || err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "token: ") {
			t.Errorf("%s: %v", want, err)
		}
		if err != nil && strings.Contains(err.Error(), string(secret[1:])) {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
}
