// Package token makes the tokens with which clients may open sockets through a
// polysocket server. An application's server mints one for each user who may:
// docs/tokens.md says what stands in it.
//
//	key, err := token.Secret("acme", []byte(os.Getenv("ACME_SECRET")))
//	...
//	text, err := key.Mint(token.Claims{Targets: []string{"wss://ws.example.com/rooms/7"}})
package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/polysocket/polysocket/internal/auth"
)

// A Key signs tokens. It is safe for concurrent use.
type Key struct {
	id     string
	method jwt.SigningMethod
	key    any
}

// Secret is the key of this id whose secret the server has: HS256. The bytes are
// those of the secret's text, at least 32.
func Secret(id string, secret []byte) (*Key, error) {
	return newKey(id, secret, secret)
}

// Private is the key of this id whose public half the server has: an
// ed25519.PrivateKey (EdDSA), an *ecdsa.PrivateKey on P-256 (ES256) or an
// *rsa.PrivateKey of 2048 bits or more (RS256). Where the server has a URL of a
// key set, the id is the key's kid in the set.
func Private(id string, key crypto.Signer) (*Key, error) {
	switch key.(type) {
	case ed25519.PrivateKey, *ecdsa.PrivateKey, *rsa.PrivateKey:
		return newKey(id, key, key.Public())
	}
	return nil, fmt.Errorf("token: a private key of the type %T: use RSA, P-256 or Ed25519", key)
}

// PEM is Private for the private key in a PEM block: PRIVATE KEY (PKCS #8), as
// openssl genpkey writes it, EC PRIVATE KEY or RSA PRIVATE KEY.
func PEM(id string, text []byte) (*Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("token: the private key is not PEM: it begins with -----BEGIN PRIVATE KEY-----")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("token: a PEM block of the type %q: give a PRIVATE KEY without a password, as openssl genpkey writes it", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("token: not a private key: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok { // an X25519 key
		return nil, fmt.Errorf("token: a key of the type %T signs nothing: use RSA, P-256 or Ed25519", key)
	}
	return Private(id, signer)
}

func newKey(id string, key, verifying any) (*Key, error) {
	method, err := auth.Method(verifying)
	switch {
	case id == "":
		return nil, errors.New("token: the key has no id: give it the id that it has in the server's configuration")
	case err != nil:
		return nil, fmt.Errorf("token: %w", err)
	}
	return &Key{id, method, key}, nil
}

// DefaultTTL is how long a token is taken that says nothing else. A token is
// needed when a socket is opened, and not while it is open.
const DefaultTTL = 5 * time.Minute

// Claims are what a token allows: no more than its key does.
type Claims struct {
	// Targets are patterns of what may be opened, as wss://ws.example.com/rooms/7 or
	// wss://*.example.com/chat/*. The query of a target is free.
	Targets []string
	// AllTargets allows all that the key does, in place of Targets, so that a list
	// that happens to be empty does not.
	AllTargets bool
	// Limit is how many sockets may be open at once with this token; 0: as many as
	// with any of the key.
	Limit int
	// TTL is how long the token is taken, in whole seconds; 0: DefaultTTL.
	TTL time.Duration
	// Subject is whose token it is (sub). The server does not look at it; it tells
	// tokens apart that were else the same, and so would share a limit.
	Subject string
	// Audience is the key's audience (aud), where the server has one for it.
	Audience string
}

// Mint makes a token, that is taken from now on. It fails where the server would
// refuse the token whatever the key allows.
func (k *Key) Mint(c Claims) (string, error) {
	if err := c.check(); err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	ttl := c.TTL
	if ttl == 0 {
		ttl = DefaultTTL
	}
	now := time.Now()
	claims := jwt.MapClaims{"iat": now.Unix(), "exp": now.Add(ttl).Unix()}
	if !c.AllTargets {
		claims["targets"] = c.Targets
	}
	if c.Limit > 0 {
		claims["limit"] = c.Limit
	}
	if c.Subject != "" {
		claims["sub"] = c.Subject
	}
	if c.Audience != "" {
		claims["aud"] = c.Audience
	}
	t := jwt.NewWithClaims(k.method, claims)
	t.Header["kid"] = k.id
	text, err := t.SignedString(k.key)
	switch {
	case err != nil:
		return "", fmt.Errorf("token: %w", err)
	case len(text) > auth.MaxToken:
		return "", fmt.Errorf("token: it would have %d bytes, and %d are taken: give it fewer targets", len(text), auth.MaxToken)
	}
	return text, nil
}

func (c Claims) check() error {
	switch {
	case len(c.Targets) == 0 && !c.AllTargets:
		return errors.New("there are no targets, so that nothing could be opened: list some, or say AllTargets")
	case len(c.Targets) > 0 && c.AllTargets:
		return errors.New("there are targets and AllTargets: leave one of them out")
	case c.Limit < 0:
		return fmt.Errorf("a limit of %d: write how many sockets, or 0 for the limit of the key", c.Limit)
	case c.TTL != 0 && c.TTL < time.Second:
		return fmt.Errorf("a TTL of %v: write a second or more, or 0 for %v", c.TTL, DefaultTTL)
	}
	_, err := auth.ParseTargets(c.Targets)
	return err
}
