package jwks_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/MicahParks/jwkset"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/auth/jwks"
	"github.com/polysocket/polysocket/internal/wire"
	"github.com/polysocket/polysocket/token"
)

// A keyring with a set: the first token finds it fetched, another issuer's does
// not get in, and a set that cannot be reached is no obstacle to anything else.
func TestKeys(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := jwkset.NewJWKFromKey(private.Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: "2026-11", ALG: jwkset.AlgES256, USE: jwkset.UseSig}})
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jwkset.JWKSMarshal{Keys: []jwkset.JWKMarshal{jwk.Marshal()}})
	if err != nil {
		t.Fatal(err)
	}
	var fetches atomic.Int32
	publisher := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetches.Add(1)
		w.Write(set)
	}))
	defer publisher.Close()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sets := jwks.New(ctx, jwks.Options{Log: slog.New(slog.DiscardHandler)})
	targets := []string{"wss://ws.example.com/*"}
	keys := []auth.Key{
		{ID: "login", JWKSURL: publisher.URL, Targets: targets},
		{ID: "down", JWKSURL: "http://" + nobody.Addr().String(), Targets: targets},
	}
	target, err := wire.ParseTarget("wss://ws.example.com/")
	if err != nil {
		t.Fatal(err)
	}
	key, err := token.Private("2026-11", private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := key.Mint(token.Claims{AllTargets: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second keyring, as after a reload, has the sets of the first
		ring, err := auth.NewKeys(keys, auth.KeysOptions{KeySet: sets.Set})
		if err != nil {
			t.Fatal(err)
		}
		grant, err := ring.Authorize(t.Context(), auth.Request{Token: text, Target: target})
		if err != nil || grant.Key != "login" {
			t.Errorf("%+v, %v", grant, err)
		}
		sets.Keep([]string{publisher.URL, keys[1].JWKSURL})
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, kid := range []string{"2026-11", "2026-12"} {
		key, err := token.Private(kid, other)
		if err != nil {
			t.Fatal(err)
		}
		text, err := key.Mint(token.Claims{AllTargets: true})
		if err != nil {
			t.Fatal(err)
		}
		ring, err := auth.NewKeys(keys, auth.KeysOptions{KeySet: sets.Set})
		if err != nil {
			t.Fatal(err)
		}
		var e *wire.Error
		if _, err := ring.Authorize(t.Context(), auth.Request{Token: text, Target: target}); !errors.As(err, &e) || e.Code != wire.TokenInvalid {
			t.Errorf("another issuer's token: %v", err)
		}
	}
	if n := fetches.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}
