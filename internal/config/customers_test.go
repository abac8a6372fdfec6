package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polysocket/polysocket/internal/auth"
)

const (
	customerSecret = "customer-0123456789abcdef0123456789"
	publicKey      = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
)

var tokenHash = func() string {
	sum := sha256.Sum256([]byte("token"))
	return hex.EncodeToString(sum[:])
}()

// customers is a file's list of keys with all that one can have.
var customers = `keys:
  - id: acme
    secret: ` + customerSecret + `
    tokens: [{sha256: ` + tokenHash + `, limit: 10}]
    revoked: ` + strings.Repeat("ab", 32) + `
    audience: us
    origins: ["https://app.example.com", "https://*.example.com"]
    targets: ["wss://ws.example.com/*"]
    limit: 1000
    key_limit: 5000
    rate: 50/s
    jsonp: false
  - id: pem
    public_key: |
      ` + strings.ReplaceAll(strings.TrimSpace(publicKey), "\n", "\n      ") + `
    targets: wss://ws.example.com/*
    jsonp: true
`

func TestCustomers(t *testing.T) {
	got := read(t, sources(needed+customers))
	want := Keyring{
		{
			ID: "acme", Secret: customerSecret, Tokens: []auth.OpaqueToken{{SHA256: tokenHash, Limit: 10}}, Revoked: []string{strings.Repeat("ab", 32)},
			Audience: "us", Origins: []string{"https://app.example.com", "https://*.example.com"}, Targets: []string{"wss://ws.example.com/*"},
			NoJSONP: true, Limit: 1000, KeyLimit: 5000, Rate: auth.Rate{Count: 50, Per: time.Second},
		},
		{ID: "pem", PublicKey: strings.TrimSpace(publicKey), Targets: []string{"wss://ws.example.com/*"}},
	}
	if diff := cmp.Diff([]auth.Key(want), []auth.Key(got.Keys)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	changed := func(a, b string) (paths []string) {
		for _, k := range Changed(read(t, sources(needed+a)), read(t, sources(needed+b)), RoleRouter) {
			paths = append(paths, k.Path)
		}
		return paths
	}
	if got := changed(customers, strings.Replace(customers, "0123", "9876", 1)); !cmp.Equal(got, []string{"keys"}) {
		t.Errorf("another secret changes %v", got)
	}
	if got := changed(customers, customers); got != nil {
		t.Errorf("the same changes %v", got)
	}
}

// A secret, and a public key, may stand elsewhere.
func TestCustomersElsewhere(t *testing.T) {
	s := sources(needed+"keys:\n- {id: a, secret: 'env:A', targets: ['wss://a/*']}\n- {id: b, public_key: 'file:b.pem', targets: ['wss://b/*']}\n", "A", customerSecret)
	s.File = "etc/polysocket.yaml"
	s.ReadFile = func(name string) ([]byte, error) {
		if name != "etc/b.pem" {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return []byte(publicKey), nil
	}
	got := read(t, s)
	if len(got.Keys) != 2 || got.Keys[0].Secret != customerSecret || got.Keys[1].PublicKey != strings.TrimSpace(publicKey) {
		t.Errorf("%+v", []auth.Key(got.Keys))
	}
}

// A relay is not told what verifies tokens, and needs none of it.
func TestCustomersOfARelay(t *testing.T) {
	s := sources(needed + "keys: [{id: a, secret: 'env:NOT_HERE', targets: ['wss://a/*']}]\n")
	s.Role = RoleRelay
	if got := read(t, s); got.Keys == nil || len(got.Keys) != 0 || got.Limits.DialsPerAddress.Count != 500 {
		t.Errorf("%v %v", got.Keys, got.Limits)
	}
}

// With keys there are limits unless the file says otherwise, and without none.
func TestKeyedDefaults(t *testing.T) {
	per := func(n int) auth.Rate { return auth.Rate{Count: n, Per: time.Second} }
	for _, test := range []struct {
		file string
		want Limits
	}{
		{"", Limits{}},
		{"keys: []\n", Limits{
			DialsPerToken: per(50), DialsPerHost: per(500), DialsPerAddress: per(500), CreatesPerAddress: per(50), SocketsPerAddress: 1000,
		}},
		{"limits: {dials_per_host: 0, sockets_per_address: 0, creates_per_address: 100/m}\nkeys: []\n", Limits{
			DialsPerToken: per(50), DialsPerAddress: per(500), CreatesPerAddress: auth.Rate{Count: 100, Per: time.Minute},
		}},
		{"limits: {dials_per_host: 7/s}\n", Limits{DialsPerHost: per(7)}},
	} {
		c := read(t, sources(needed+test.file))
		got := c.Limits
		got.Message, got.Buffer, got.Grace, got.Hold = 0, 0, 0, 0
		got.ConnectionsPerAddress, got.RequestsPerAddress = 0, 0 // whose defaults always hold
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got)\n%s", test.file, diff)
		}
		if (c.Keys == nil) == strings.Contains(test.file, "keys") {
			t.Errorf("%q: keys are %v, %v", test.file, c.Keys, c.Keys == nil)
		}
	}
}

// What is wrong has its line, and names no secret.
func TestBadCustomers(t *testing.T) {
	const good = "keys:\n- {id: a, secret: " + customerSecret + ", targets: ['wss://a/*']}\n"
	key := func(fields string) string { return "keys:\n- id: a\n  targets: wss://a/*\n  " + fields }
	for _, test := range []struct{ name, file, want string }{
		{"no list", "keys: {id: a}", "polysocket.yaml:3: keys: it takes a list of keys"},
		{"a word", "keys: " + customerSecret, "polysocket.yaml:3: keys: it takes a list of keys"},
		{"nothing", "keys:", "polysocket.yaml:3: keys: it takes a list of keys, as - id: acme; [] where there are none here"},
		{"an alias", "keys: &x [*x]", "polysocket.yaml:3: keys[0]: a mapping stands here, as id: acme"},
		{"no mapping", "keys:\n- id: a\n  secret: " + customerSecret + "\n  targets: wss://a/*\n- " + customerSecret, "polysocket.yaml:7: keys[1]: a mapping stands here, as id: acme"},
		{"an unknown field", key("colour: red"), `polysocket.yaml:6: keys[0]: "colour" is no field of a key: those are audience, id, jsonp, jwks_url, key_limit, limit, origins, public_key, rate, revoked, secret, targets, tokens`},
		{"a field twice", key("id: b"), "polysocket.yaml:6: keys[0].id: it is there twice"},
		{"a secret that is a list", key("secret: [" + customerSecret + "]"), "polysocket.yaml:6: keys[0].secret: it takes one value"},
		{"a secret that is a tag", key("secret: !" + customerSecret + " x"), "polysocket.yaml:6: keys[0].secret: a tag (!)"},
		{"an empty secret", key("secret: ''"), "polysocket.yaml:6: keys[0].secret: it has no value"},
		{"a secret that is nowhere", key("secret: env:NOWHERE"), "polysocket.yaml:6: keys[0].secret: the environment variable NOWHERE is not set"},
		{"a public key that is nowhere", key("public_key: file:x.pem"), "polysocket.yaml:6: keys[0].public_key: it cannot be read: open x.pem"},
		{"a short secret", key("secret: 0123456789"), "polysocket.yaml:6: keys[0] (a): secret: a secret of 10 bytes"},
		{"no verifier", key("limit: 1"), "polysocket.yaml:4: keys[0] (a): it verifies no token"},
		{"no id", "keys:\n- {secret: " + customerSecret + ", targets: ['wss://a/*']}", "polysocket.yaml:4: keys[0]: id: write 1 to 64"},
		{"no targets", "keys:\n- id: a\n  secret: " + customerSecret, "polysocket.yaml:4: keys[0] (a): targets: there is none"},
		{"a bad target", "keys:\n- id: a\n  secret: " + customerSecret + "\n  targets:\n  - http://a", "polysocket.yaml:6: keys[0] (a): targets: "},
		{"a bad origin", key("secret: " + customerSecret + "\n  origins: example.com"), "polysocket.yaml:7: keys[0] (a): origins: "},
		{"a bad rate", key("rate: 50"), `polysocket.yaml:6: keys[0].rate: "50" is not a rate: write a whole number and a unit, as 50/s, 100/m or 1000/h; 0 for no limit`},
		{"a bad limit", key("limit: -1"), `polysocket.yaml:6: keys[0].limit: "-1" is not a number from 0 to 1000000000`},
		{"jsonp neither", key("jsonp: no"), `polysocket.yaml:6: keys[0].jsonp: "no" is neither true nor false`},
		{"tokens that are none", key("tokens: " + customerSecret), "polysocket.yaml:6: keys[0].tokens: it takes a list, as - sha256:"},
		{"a token that is none", key("tokens: [" + customerSecret + "]"), "polysocket.yaml:6: keys[0].tokens[0]: a mapping stands here"},
		{"a bad hash", key("tokens: [{sha256: x}]"), "polysocket.yaml:6: keys[0] (a): tokens[0]: write the SHA-256"},
		{"two of an id", good + "- id: a\n  secret: " + customerSecret + "\n  targets: wss://a/*\n", `polysocket.yaml:5: keys: key "a": there are two keys of this id`},
		{"a bad rate of all", "limits: {dials_per_host: 5}", `polysocket.yaml:3: limits.dials_per_host: "5" is not a rate`},
		{"a bad count", "limits: {sockets_per_address: 5/s}", `polysocket.yaml:3: limits.sockets_per_address: "5/s" is not a number from 0`},
		{"a proxy that is an address", "proxies: 10.0.0.1", `polysocket.yaml:3: proxies: "10.0.0.1" is one address: write it with its length, as 10.0.0.1/32`},
	} {
		got := fault(t, sources(needed+test.file))
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
		if strings.Contains(got, customerSecret) {
			t.Errorf("%s: it tells the secret: %s", test.name, got)
		}
	}
	two := fault(t, sources(needed+"keys:\n- id: a\n  secret: "+fmt.Sprintf("%q", publicKey)+"\n- id: b\n  secret: short\n  targets: wss://b/*\n"))
	for _, want := range []string{"3 faults", "polysocket.yaml:5: keys[0] (a): secret: ", "polysocket.yaml:4: keys[0] (a): targets: ", "polysocket.yaml:7: keys[1] (b): secret: "} {
		if !strings.Contains(two, want) {
			t.Errorf("%s\nis not in\n%s", want, two)
		}
	}
}

// Origins of the router mean nothing beside keys, and that is said.
func TestOriginsBesideKeys(t *testing.T) {
	s := sources(needed + "router: {origins: 'https://a.example'}\nkeys: []\n")
	if notes := fmt.Sprint(read(t, s).Notes); !strings.Contains(notes, "polysocket.yaml:3: router.origins: it means nothing beside keys: each has origins of its own") {
		t.Error(notes)
	}
}
