package jwks

import (
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/MicahParks/jwkset"

	"github.com/polysocket/polysocket/internal/auth"
)

func mustJWK(t testing.TB, key any, o jwkset.JWKOptions) jwkset.JWKMarshal {
	t.Helper()
	jwk, err := jwkset.NewJWKFromKey(key, o)
	if err != nil {
		t.Fatal(err)
	}
	return jwk.Marshal()
}

func meta(kid string) jwkset.JWKMetadataOptions { return jwkset.JWKMetadataOptions{KID: kid} }

func setOf(t testing.TB, keys ...jwkset.JWKMarshal) []byte {
	t.Helper()
	text, err := json.Marshal(jwkset.JWKSMarshal{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestParse(t *testing.T) {
	edPublic, edPrivate, _ := ed25519.GenerateKey(rand.Reader)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rs, _ := rsa.GenerateKey(rand.Reader, 2048)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	agreeing, _ := ecdh.X25519().GenerateKey(rand.Reader)
	private := jwkset.JWKMarshalOptions{Private: true}
	keys, err := parse(setOf(t,
		mustJWK(t, edPublic, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: "ed", ALG: jwkset.AlgEdDSA, USE: jwkset.UseSig}}),
		mustJWK(t, ec.Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: "ec", KEYOPS: []jwkset.KEYOPS{jwkset.KeyOpsVerify}}}),
		mustJWK(t, rs.Public(), jwkset.JWKOptions{Metadata: meta("rs")}),
		mustJWK(t, rs.Public(), jwkset.JWKOptions{Metadata: meta("ed")}),
		mustJWK(t, edPrivate, jwkset.JWKOptions{Metadata: meta("private"), Marshal: private}),
		mustJWK(t, []byte("0123456789abcdef0123456789abcdef"), jwkset.JWKOptions{Metadata: meta("symmetric"), Marshal: private}),
		mustJWK(t, edPublic, jwkset.JWKOptions{}),
		mustJWK(t, p384.Public(), jwkset.JWKOptions{Metadata: meta("other curve")}),
		mustJWK(t, agreeing.PublicKey(), jwkset.JWKOptions{Metadata: meta("other kind")}),
		mustJWK(t, rs.Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: "other algorithm", ALG: jwkset.AlgRS512}}),
		mustJWK(t, ec.Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: "other use", USE: jwkset.UseEnc}}),
		mustJWK(t, ec.Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: "other operation", KEYOPS: []jwkset.KEYOPS{jwkset.KeyOpsSign}}}),
	))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]crypto.PublicKey{"ed": {edPublic, rs.Public()}, "ec": {ec.Public()}, "rs": {rs.Public()}, "private": {edPublic}}
	for kid := range keys {
		if want[kid] == nil {
			t.Errorf("%q is taken", kid)
		}
	}
	for kid, all := range want {
		if len(keys[kid]) != len(all) {
			t.Errorf("%s: %d keys", kid, len(keys[kid]))
			continue
		}
		for i, key := range all {
			if !key.(interface{ Equal(crypto.PublicKey) bool }).Equal(keys[kid][i]) {
				t.Errorf("%s: another key", kid)
			}
		}
	}
}

func TestParseBad(t *testing.T) {
	for text, want := range map[string]string{
		``:                            "not a key set",
		`[]`:                          "not a key set",
		`{}`:                          `no "keys"`,
		`{"keys":null}`:               `no "keys"`,
		`{"keys":{}}`:                 "not a key set",
		`<html>`:                      "not a key set",
		`{"keys":[{}]}`:               "keys[0]",
		`{"keys":[1]}`:                "keys[0]",
		`{"keys":[{"kty":"oct"}]}`:    "keys[0]",
		`{"keys":[]}` + "\x00":        "not a key set",
		`{"keys":[{"kty":"RSA"},{}]}`: "keys[1]",
	} {
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if keys, err := parse([]byte(`{"keys":[]}`)); err != nil || len(keys) != 0 {
		t.Errorf("a set without keys: %v, %v", keys, err)
	}
}

func TestFetch(t *testing.T) {
	public, _, _ := ed25519.GenerateKey(rand.Reader)
	good := setOf(t, mustJWK(t, public, jwkset.JWKOptions{Metadata: meta("a")}))
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, r *http.Request) {
		if !r.Close {
			t.Error("the connection is kept for five minutes of nothing")
		}
		w.Write(good)
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, r *http.Request) {
		w.Write(good)
		io.WriteString(w, strings.Repeat(" ", most))
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(good)+1))
		w.Write(good)
	})
	mux.Handle("/moved", http.RedirectHandler("/good", http.StatusFound))
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	trusting := New(t.Context(), Options{RootCAs: pool}).client
	for _, test := range []struct {
		name   string
		url    string
		client *http.Client
		want   string // in the error; empty for none
	}{
		{"a set", server.URL + "/good", trusting, ""},
		{"one that is too long", server.URL + "/long", trusting, "longer than"},
		{"one that is cut", server.URL + "/cut", trusting, "unexpected EOF"},
		{"a redirect", server.URL + "/moved", trusting, "302 Found"},
		{"none", server.URL + "/none", trusting, "404 Not Found"},
		{"a server that is not trusted", server.URL + "/good", New(t.Context(), Options{}).client, "certificate"},
		{"no URL", "::", trusting, "missing protocol scheme"},
	} {
		keys, err := fetch(t.Context(), test.client, test.url)
		switch {
		case test.want == "" && (err != nil || len(keys["a"]) != 1):
			t.Errorf("%s: %v, %v", test.name, keys, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// And as a whole: a set that was just asked for is there as soon as its fetch is over.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	set := New(ctx, Options{RootCAs: pool, Log: slog.New(slog.DiscardHandler)}).Set(server.URL + "/good")
	<-set.Refetch()
	if len(set.Find("a")) != 1 || len(set.Find("b")) != 0 {
		t.Error("the set does not have its key, or another one")
	}
}

// An endless one is the body of a set that does not end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) { e.read += len(p); return len(p), nil }
func (e *endless) Close() error               { return nil }
func (e *endless) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: e, Request: r}, nil
}

func TestFetchEndless(t *testing.T) {
	e := &endless{}
	if keys, err := fetch(t.Context(), &http.Client{Transport: e}, "https://login.example/"); err == nil || keys != nil || e.read > most+1 {
		t.Errorf("%v, %v, after %d bytes", keys, err, e.read)
	}
}

func FuzzParse(f *testing.F) {
	public, _, _ := ed25519.GenerateKey(rand.Reader)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rs, _ := rsa.GenerateKey(rand.Reader, 2048)
	f.Add(setOf(f, mustJWK(f, public, jwkset.JWKOptions{Metadata: meta("a")})))
	f.Add(setOf(f, mustJWK(f, ec.Public(), jwkset.JWKOptions{Metadata: meta("b")})))
	f.Add(setOf(f, mustJWK(f, rs.Public(), jwkset.JWKOptions{Metadata: meta("c")})))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AAAA","kid":"d"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := parse(text)
		if err != nil && keys != nil {
			t.Errorf("%v, and an error", keys)
		}
		for kid, all := range keys {
			for _, key := range all {
				if _, err := auth.Method(key); kid == "" || err != nil {
					t.Errorf("a key %q of the type %T", kid, key)
				}
			}
		}
	})
}
