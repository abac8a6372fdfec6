package auth

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func block(t testing.TB, kind string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestValidate(t *testing.T) {
	private, err := x509.MarshalPKCS8PrivateKey(testEd())
	privatePEM := block(t, "PRIVATE KEY", private, err)
	smallRSA := publicPEM(t, rsaOf(1024))
	longRSA := publicPEM(t, rsaOf(8193))
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	edPEM := publicPEM(t, testEd())
	hash := hashOf(testOpaque)
	for _, test := range []struct {
		name   string
		change func(k *Key)
		want   []string // what the error says; none: no error
	}{
		{"a secret", func(*Key) {}, nil},
		{"a secret of 32 bytes that are no ASCII", func(k *Key) { k.Secret = strings.Repeat("é", 16) }, nil},
		{"Ed25519", func(k *Key) { k.Secret, k.PublicKey = "", edPEM }, nil},
		{"P-256", func(k *Key) { k.Secret, k.PublicKey = "", publicPEM(t, testEC()) }, nil},
		{"RSA", func(k *Key) { k.Secret, k.PublicKey = "", publicPEM(t, testRSA()) }, nil},
		{"RSA in PKCS #1", func(k *Key) {
			k.Secret, k.PublicKey = "", block(t, "RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&testRSA().PublicKey), nil)
		}, nil},
		{"PEM with space around", func(k *Key) { k.Secret, k.PublicKey = "", "\n"+edPEM+" \n" }, nil},
		{"a set", func(k *Key) { k.Secret, k.JWKSURL = "", "https://login.example/jwks?x" }, nil},
		{"a set on this machine", func(k *Key) { k.Secret, k.JWKSURL = "", "http://localhost:8080/jwks" }, nil},
		{"opaque tokens", func(k *Key) { k.Secret, k.Tokens = "", []OpaqueToken{{SHA256: hash}, {SHA256: hashOf("b"), Limit: 3}} }, nil},
		{"opaque tokens beside a secret", func(k *Key) { k.Tokens = []OpaqueToken{{SHA256: hash}} }, nil},
		{"all", func(k *Key) {
			k.ID, k.Audience, k.Revoked, k.Origins = "A-b_c.9~", "us", []string{hash}, []string{"*"}
			k.Limit, k.KeyLimit, k.Rate = 10, 10, Rate{1, time.Hour}
			k.Tokens = []OpaqueToken{{SHA256: hash, Limit: 10}}
		}, nil},

		{"no id", func(k *Key) { k.ID = "" }, []string{"id: write 1 to 64"}},
		{"a long id", func(k *Key) { k.ID = strings.Repeat("a", 65) }, []string{"id: write 1 to 64"}},
		{"an id with a space", func(k *Key) { k.ID = "a b" }, []string{"id: write 1 to 64"}},
		{"an id with an umlaut", func(k *Key) { k.ID = "ä" }, []string{"id: write 1 to 64"}},
		{"an id that looks like ASCII cut", func(k *Key) { k.ID = "\u0161" }, []string{"id: write 1 to 64"}},
		{"a short secret", func(k *Key) { k.Secret = testSecret[:31] }, []string{"secret: a secret of 31 bytes can be guessed", "32 random bytes", "openssl rand"}},
		{"a public key as the secret", func(k *Key) { k.Secret = edPEM }, []string{"secret: this is a PEM block", "public_key"}},
		{"no PEM", func(k *Key) { k.Secret, k.PublicKey = "", "MCowBQYDK2VwAyEA" }, []string{"public_key: it is not PEM", "BEGIN PUBLIC KEY"}},
		{"a private key", func(k *Key) { k.Secret, k.PublicKey = "", privatePEM }, []string{"public_key: this is a private key", "-pubout"}},
		{"two public keys", func(k *Key) { k.Secret, k.PublicKey = "", edPEM+edPEM }, []string{"public_key: something follows"}},
		{"a certificate", func(k *Key) { k.Secret, k.PublicKey = "", block(t, "CERTIFICATE", nil, nil) }, []string{`public_key: a PEM block of the type "CERTIFICATE"`}},
		{"no key", func(k *Key) { k.Secret, k.PublicKey = "", block(t, "PUBLIC KEY", []byte{1, 2}, nil) }, []string{"public_key: not a public key"}},
		{"no RSA key", func(k *Key) { k.Secret, k.PublicKey = "", block(t, "RSA PUBLIC KEY", nil, nil) }, []string{"public_key: not a public key"}},
		{"a small RSA key", func(k *Key) { k.Secret, k.PublicKey = "", smallRSA }, []string{"public_key: an RSA key of 1024 bits: use one of 2048"}},
		{"a long RSA key", func(k *Key) { k.Secret, k.PublicKey = "", longRSA }, []string{"public_key: an RSA key of 8193 bits"}},
		{"P-384", func(k *Key) { k.Secret, k.PublicKey = "", publicPEM(t, p384) }, []string{"public_key: a key on the curve P-384: use one on P-256"}},
		{"X25519", func(k *Key) { k.Secret, k.PublicKey = "", x25519 }, []string{"public_key: a key of the type *ecdh.PublicKey: use RSA"}},
		{"a set by http", func(k *Key) { k.Secret, k.JWKSURL = "", "http://login.example/jwks" }, []string{"jwks_url: write an https URL"}},
		{"a set with a password", func(k *Key) { k.Secret, k.JWKSURL = "", "https://u:p@login.example/jwks" }, []string{"jwks_url: write an https URL"}},
		{"a set with a fragment", func(k *Key) { k.Secret, k.JWKSURL = "", "https://login.example/jwks#x" }, []string{"jwks_url: write an https URL"}},
		{"a set in a file", func(k *Key) { k.Secret, k.JWKSURL = "", "file:///jwks" }, []string{"jwks_url: write an https URL"}},
		{"a set nowhere", func(k *Key) { k.Secret, k.JWKSURL = "", "https://:443/" }, []string{"jwks_url: write an https URL"}},
		{"a set that is no URL", func(k *Key) { k.Secret, k.JWKSURL = "", "https://[/" }, []string{"jwks_url: write an https URL"}},
		{"a secret and a public key", func(k *Key) { k.PublicKey = edPEM }, []string{"secret and public_key: a key has one of them"}},
		{"all three", func(k *Key) { k.PublicKey, k.JWKSURL = edPEM, "https://login.example/" }, []string{"secret and public_key and jwks_url: a key has one"}},
		{"none", func(k *Key) { k.Secret = "" }, []string{"it verifies no token"}},
		{"an audience of opaque tokens", func(k *Key) { k.Secret, k.Audience, k.Tokens = "", "us", []OpaqueToken{{SHA256: hash}} }, []string{"audience and revoked are for JWTs"}},
		{"revoked opaque tokens", func(k *Key) { k.Secret, k.Revoked, k.Tokens = "", []string{hash}, []OpaqueToken{{SHA256: hash}} }, []string{"audience and revoked are for JWTs"}},
		{"a token as it is", func(k *Key) { k.Tokens = []OpaqueToken{{SHA256: testOpaque}} }, []string{"tokens[0]: write the SHA-256", "64 digits"}},
		{"a token in upper case", func(k *Key) { k.Tokens = []OpaqueToken{{SHA256: strings.ToUpper(hash)}} }, []string{"tokens[0]: write the SHA-256"}},
		{"half a hash", func(k *Key) { k.Tokens = []OpaqueToken{{SHA256: hash[:32]}} }, []string{"tokens[0]: write the SHA-256"}},
		{"the hash of nothing", func(k *Key) { k.Tokens = []OpaqueToken{{SHA256: hashOf("")}} }, []string{"tokens[0]: this is the hash of nothing"}},
		{"the hash of a line break", func(k *Key) { k.Tokens = []OpaqueToken{{SHA256: hashOf("\n")}} }, []string{"tokens[0]: this is the hash of nothing"}},
		{"a token twice", func(k *Key) { k.Tokens = []OpaqueToken{{SHA256: hash}, {SHA256: hash, Limit: 1}} }, []string{"tokens[1]: the token stands there twice"}},
		{"a token's limit", func(k *Key) { k.Limit, k.Tokens = 3, []OpaqueToken{{SHA256: hash, Limit: 4}} }, []string{"tokens[0]: a limit of 4", "the key's, 3"}},
		{"a token's negative limit", func(k *Key) { k.Tokens = []OpaqueToken{{SHA256: hash, Limit: -1}} }, []string{"tokens[0]: a limit of -1"}},
		{"no TokenID", func(k *Key) { k.Revoked = []string{hash, "x"} }, []string{"revoked[1]: write the SHA-256"}},
		{"an origin without a scheme", func(k *Key) { k.Origins = []string{"app.example"} }, []string{`origins: origin pattern "app.example"`}},
		{"no targets", func(k *Key) { k.Targets = nil }, []string{"targets: there is none", "wss://ws.example.com/*"}},
		{"a bad target", func(k *Key) { k.Targets = []string{"https://a/"} }, []string{`targets: target pattern "https://a/"`}},
		{"a negative limit", func(k *Key) { k.Limit = -1 }, []string{"limit: -1 is negative"}},
		{"a negative key_limit", func(k *Key) { k.KeyLimit = -1 }, []string{"key_limit: -1 is negative"}},
		{"a limit over the key_limit", func(k *Key) { k.Limit, k.KeyLimit = 5, 4 }, []string{"limit: 5 is more than the key_limit, 4"}},
		{"a negative rate", func(k *Key) { k.Rate = Rate{-1, time.Second} }, []string{"rate: write a whole number"}},
		{"a rate in no time", func(k *Key) { k.Rate = Rate{Count: 1} }, []string{"rate: write a whole number"}},
		{"many at once", func(k *Key) { k.ID, k.Secret, k.Targets, k.Limit = "", "x", nil, -3 }, []string{"id:", "secret:", "targets:", "limit:"}},
	} {
		k := Key{ID: "acme", Secret: testSecret, Targets: []string{"wss://*/*"}}
		test.change(&k)
		err := k.Validate()
		if len(test.want) == 0 && err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", test.name, err, want)
			}
		}
		if err != nil && k.Secret != "" && len(k.Secret) > 5 && strings.Contains(err.Error(), k.Secret) {
			t.Errorf("%s: the error tells the secret: %v", test.name, err)
		}
	}
}

// x25519 is a key for agreeing on others (RFC 8410 §10.1 has the form).
const x25519 = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=
-----END PUBLIC KEY-----`

// rsaOf is a key that looks like one of so many bits, and signs nothing.
func rsaOf(bits uint) crypto.Signer {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}}
}

func TestNewKeysBad(t *testing.T) {
	good := Key{ID: "a", Secret: testSecret, Targets: []string{"wss://*/*"}, Tokens: []OpaqueToken{{SHA256: hashOf(testOpaque)}}}
	set := Key{ID: "s", JWKSURL: "https://login.example/jwks", Targets: []string{"wss://*/*"}}
	with := func(k Key, change func(k *Key)) Key { change(&k); return k }
	fetching := KeysOptions{KeySet: func(string) KeySet { return &fakeSet{} }}
	for _, test := range []struct {
		name    string
		keys    []Key
		options KeysOptions
		want    string // in the error; empty for none
	}{
		{"none", nil, KeysOptions{}, ""},
		{"two", []Key{good, set}, fetching, ""},
		{"two sets", []Key{set, with(set, func(k *Key) { k.ID, k.JWKSURL = "t", "https://login.example/other" })}, fetching, ""},
		{"a key that is wrong", []Key{good, {ID: "b"}}, KeysOptions{}, `key "b": it verifies no token`},
		{"an id twice", []Key{good, with(good, func(k *Key) { k.Tokens = nil })}, KeysOptions{}, `key "a": there are two keys of this id`},
		{"a token of two keys", []Key{good, with(good, func(k *Key) { k.ID = "b" })}, KeysOptions{}, `key "b": one of its tokens is also one of key "a"`},
		{"a set of two keys", []Key{set, with(set, func(k *Key) { k.ID = "t" })}, fetching, `key "t": key "s" has the same jwks_url`},
		{"a set that nobody fetches", []Key{set}, KeysOptions{}, `key "s": this server fetches no key sets`},
	} {
		ring, err := NewKeys(test.keys, test.options)
		if test.want == "" && (err != nil || ring == nil) || test.want != "" && (ring != nil || err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestKeyKeepsItsSecret(t *testing.T) {
	k := Key{ID: "acme", Secret: testSecret, Targets: []string{"wss://*/*"}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("a key", "key", k, "keys", fmt.Sprint([]Key{k}, &k))
	slog.New(slog.NewTextHandler(&log, nil)).Info("a key", "key", k)
	if text := log.String(); strings.Contains(text, testSecret) || !strings.Contains(text, `"key":"acme"`) || !strings.Contains(text, "key=acme") {
		t.Errorf("the log says %s", text)
	}
}

// A record is the same again behind JSON, in which Redis has it.
func TestKeyJSON(t *testing.T) {
	for text, want := range map[string]Key{
		`{"id":"a","secret":"s","targets":["wss://*/*"]}`: {ID: "a", Secret: "s", Targets: []string{"wss://*/*"}},
		`{"id":"a","public_key":"p","jwks_url":"j","audience":"u","tokens":[{"sha256":"h","limit":1},{"sha256":"i"}],"revoked":["r"],"origins":["*"],"targets":["t"],` +
			`"no_jsonp":true,"limit":1,"key_limit":2,"rate":"50/s"}`: {
			ID: "a", PublicKey: "p", JWKSURL: "j", Audience: "u", Tokens: []OpaqueToken{{"h", 1}, {"i", 0}}, Revoked: []string{"r"}, Origins: []string{"*"},
			Targets: []string{"t"}, NoJSONP: true, Limit: 1, KeyLimit: 2, Rate: Rate{50, time.Second},
		},
	} {
		var k Key
		if err := json.Unmarshal([]byte(text), &k); err != nil || !cmp.Equal(k, want) {
			t.Errorf("%s: %v, %s", text, err, cmp.Diff(want, k))
		}
		if again, err := json.Marshal(k); err != nil || string(again) != text {
			t.Errorf("%s, want %s; %v", again, text, err)
		}
	}
}

func TestRateEvery(t *testing.T) {
	for rate, want := range map[Rate]time.Duration{
		{50, time.Second}: 20 * time.Millisecond, {1, time.Hour}: time.Hour, {100, time.Minute}: 600 * time.Millisecond,
		{1 << 30, time.Second}: time.Microsecond, {}: time.Microsecond,
	} {
		if got := rate.Every(); got != want {
			t.Errorf("%v: one each %v, want %v", rate, got, want)
		}
	}
}
