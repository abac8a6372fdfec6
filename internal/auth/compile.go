package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// mostID is how long an id may be.
const mostID = 64

// A keyEntry is a Key as it is used.
type keyEntry struct {
	Key
	verifier verifier // none: for a key with opaque tokens alone, or a set
	set      KeySet   // nil: none
	tokens   map[[sha256.Size]byte]int
	revoked  map[string]bool
	origins  Origins
	targets  Targets
}

// Validate says what is wrong with the record, all of it at once: each error
// names the field, and what would be right.
func (k Key) Validate() error {
	_, err := compile(k)
	return err
}

func compile(k Key) (*keyEntry, error) {
	e := &keyEntry{Key: k, tokens: map[[sha256.Size]byte]int{}, revoked: map[string]bool{}}
	var errs []error
	check := func(field string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", field, err))
		}
	}
	check("id", checkID(k.ID))
	errs = append(errs, e.readVerifier()...)
	for i, t := range k.Tokens {
		check(fmt.Sprintf("tokens[%d]", i), e.addToken(t))
	}
	for i, id := range k.Revoked {
		_, err := readHash(id)
		check(fmt.Sprintf("revoked[%d]", i), err)
		e.revoked[id] = true
	}
	var err error
	e.origins, err = ParseOrigins(k.Origins)
	check("origins", err)
	e.targets, err = ParseTargets(k.Targets)
	check("targets", err)
	if len(k.Targets) == 0 {
		check("targets", refusal("there is none, so that nothing could be opened: list patterns, as wss://ws.example.com/*"))
	}
	check("limit", checkLimit(k.Limit))
	check("key_limit", checkLimit(k.KeyLimit))
	if k.KeyLimit > 0 && k.Limit > k.KeyLimit {
		check("limit", fmt.Errorf("%d is more than the key_limit, %d, and could never be reached: lower it", k.Limit, k.KeyLimit))
	}
	if r := k.Rate; r.Count < 0 || r.Count > 0 && r.Per <= 0 {
		check("rate", refusal("write a whole number and a unit, as 50/s"))
	}
	return e, errors.Join(errs...)
}

func checkID(id string) error {
	if id == "" || len(id) > mostID || strings.ContainsFunc(id, func(c rune) bool { return c > 0x7f || !unreserved(byte(c)) }) {
		return fmt.Errorf("write 1 to %d of the characters A-Z a-z 0-9 . _ ~ -", mostID)
	}
	return nil
}

func checkLimit(n int) error {
	if n < 0 {
		return fmt.Errorf("%d is negative: write how many, or 0 for no limit", n)
	}
	return nil
}

// readVerifier reads the one of the three that says how JWTs are verified.
func (e *keyEntry) readVerifier() (errs []error) {
	var given []string
	if e.Secret != "" {
		given = append(given, "secret")
		v, err := secretVerifier(e.Secret)
		if err != nil {
			errs = append(errs, fmt.Errorf("secret: %w", err))
		}
		e.verifier = v
	}
	if e.PublicKey != "" {
		given = append(given, "public_key")
		v, err := pemVerifier(e.PublicKey)
		if err != nil {
			errs = append(errs, fmt.Errorf("public_key: %w", err))
		}
		e.verifier = v
	}
	if e.JWKSURL != "" {
		given = append(given, "jwks_url")
		if err := checkSetURL(e.JWKSURL); err != nil {
			errs = append(errs, fmt.Errorf("jwks_url: %w", err))
		}
	}
	switch {
	case len(given) > 1:
		errs = append(errs, fmt.Errorf("%s: a key has one of them, which fixes its algorithm: make a key of its own for each", strings.Join(given, " and ")))
	case len(given) == 0 && len(e.Tokens) == 0:
		errs = append(errs, refusal("it verifies no token: give it a secret, a public_key, a jwks_url, or tokens"))
	case len(given) == 0 && (e.Audience != "" || len(e.Revoked) > 0):
		errs = append(errs, refusal("audience and revoked are for JWTs, and it has opaque tokens alone: leave them out"))
	}
	return errs
}

func checkSetURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "":
	case u.Scheme == "https", u.Scheme == "http" && endpoint.Loopback(endpoint.Hostname(u.Host)):
		return nil
	}
	return refusal("write an https URL, as https://login.example.com/jwks.json: who could change what comes from it could make tokens")
}

func (e *keyEntry) addToken(t OpaqueToken) error {
	hash, err := readHash(t.SHA256)
	switch _, twice := e.tokens[hash]; {
	case err != nil:
		return err
	case twice:
		return refusal("the token stands there twice: leave one out")
	case hash == sha256.Sum256(nil), hash == sha256.Sum256([]byte("\n")):
		return refusal("this is the hash of nothing: hash the token's text, without a line break behind it")
	case t.Limit < 0 || e.Limit > 0 && t.Limit > e.Limit:
		return fmt.Errorf("a limit of %d: write one that is lower than the key's, %d, or leave it out for the key's", t.Limit, e.Limit)
	}
	e.tokens[hash] = t.Limit
	return nil
}

func readHash(s string) (hash [sha256.Size]byte, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(hash) || strings.ToLower(s) != s {
		return hash, refusal("write the SHA-256 of the token in lower-case hex, 64 digits")
	}
	return [sha256.Size]byte(b), nil
}
