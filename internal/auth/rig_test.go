package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/polysocket/polysocket/internal/endpoint"
	"github.com/polysocket/polysocket/internal/wire"
)

// What the tests' keys are made of. Their tokens are made in testTime. All but the
// RSA key are the same in each process, as fuzzing wants it.
var (
	testSecret = "0123456789abcdef0123456789abcdef"
	testOpaque = "an opaque token"
	testTime   = time.Unix(1_800_000_000, 0)

	testEd = once(func() ed25519.PrivateKey { return ed25519.NewKeyFromSeed([]byte(testSecret)) })
	testEC = once(func() *ecdsa.PrivateKey {
		key, _ := ecdsa.ParseRawPrivateKey(elliptic.P256(), []byte(testSecret))
		return key
	})
	testRSA = once(func() *rsa.PrivateKey { key, _ := rsa.GenerateKey(rand.Reader, 2048); return key })
)

func once[T any](make func() T) func() T { return sync.OnceValue(make) }

func publicPEM(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func hashOf(s string) string {
	hash := sha256.Sum256([]byte(s))
	return hex.EncodeToString(hash[:])
}

// A fakeSet is a set that gets further keys when it is fetched again.
type fakeSet struct {
	mu        sync.Mutex
	keys      map[string][]crypto.PublicKey
	next      map[string][]crypto.PublicKey
	refetched int
	stalls    bool
}

func (s *fakeSet) Find(kid string) []crypto.PublicKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[kid]
}

func (s *fakeSet) Refetch() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := make(chan struct{})
	s.refetched++
	if !s.stalls {
		if s.next != nil {
			s.keys = s.next
		}
		close(done)
	}
	return done
}

// ringOf is a keyring of a key of each kind, and of what change makes of them.
func ringOf(t testing.TB, set KeySet, change func(k *Key)) *Keys {
	t.Helper()
	keys := []Key{
		{ID: "secret", Secret: testSecret},
		{ID: "ed", PublicKey: publicPEM(t, testEd())},
		{ID: "ec", PublicKey: publicPEM(t, testEC())},
		{ID: "rsa", PublicKey: publicPEM(t, testRSA())},
		{ID: "opaque", Tokens: []OpaqueToken{{SHA256: hashOf(testOpaque), Limit: 2}, {SHA256: hashOf(testOpaque + " without limit")}}},
	}
	if set != nil {
		keys = append(keys, Key{ID: "set", JWKSURL: "https://login.example/jwks"})
	}
	for i := range keys {
		keys[i].Targets, keys[i].Limit, keys[i].KeyLimit, keys[i].Rate = []string{"wss://ws.example/*"}, 10, 100, Rate{50, time.Second}
		if change != nil {
			change(&keys[i])
		}
	}
	ring, err := NewKeys(keys, KeysOptions{KeySet: func(string) KeySet { return set }, Now: func() time.Time { return testTime }})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// exp is an exp claim that is not over.
var exp = fmt.Sprintf(`"exp":%d`, testTime.Unix()+60)

// sign signs a token of a header and claims as they are written.
func sign(t testing.TB, method jwt.SigningMethod, key any, header, claims string) string {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	signature, err := method.Sign(text, key)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// hs256 signs claims by the key secret.
func hs256(t testing.TB, claims string) string {
	t.Helper()
	return sign(t, jwt.SigningMethodHS256, []byte(testSecret), `{"alg":"HS256","kid":"secret"}`, claims)
}

var (
	aTarget = "wss://ws.example/chat"
	program = endpoint.Caller{}
)

// ask asks for a target, as a program.
func ask(t testing.TB, ring *Keys, token, target string) (Grant, *wire.Error) {
	t.Helper()
	return askAs(t, ring, Request{Token: token, Target: mustTarget(t, target)})
}

func askAs(t testing.TB, ring *Keys, r Request) (Grant, *wire.Error) {
	t.Helper()
	if r.Target == nil {
		r.Target = mustTarget(t, aTarget)
	}
	grant, err := ring.Authorize(t.Context(), r)
	var e *wire.Error
	if err != nil && (!errors.As(err, &e) || grant != Grant{}) {
		t.Fatalf("granted %v, and %v, which is no answer", grant, err)
	}
	return grant, e
}
