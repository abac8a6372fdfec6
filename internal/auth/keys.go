package auth

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// Keys is the policy of a server with keys: a keyring, which does not change.
// To change the keys is to make another.
type Keys struct {
	byID   map[string]*keyEntry
	opaque map[[sha256.Size]byte]opaqueEntry
	sets   []*keyEntry       // those with a KeySet
	urls   map[string]string // their ids by their URLs
	now    func() time.Time
}

// A KeySet is the JSON Web Key Set of a key, as it was when it was last fetched
// (internal/auth/jwks has it). It is safe for concurrent use.
type KeySet interface {
	// Find gives the public keys that have the kid: *rsa.PublicKey,
	// *ecdsa.PublicKey and ed25519.PublicKey.
	Find(kid string) []crypto.PublicKey
	// Refetch has the set fetched again, unless that was done just now. The channel
	// is closed when there is nothing to wait for, or not any more.
	Refetch() <-chan struct{}
}

// KeysOptions are what a keyring needs besides the keys.
type KeysOptions struct {
	// KeySet gives the set of a JWKSURL; nil: no key may have one. A new keyring
	// should get the same sets as the one before.
	KeySet func(url string) KeySet
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// NewKeys makes a keyring. An error says of each key what is wrong with it.
func NewKeys(keys []Key, o KeysOptions) (*Keys, error) {
	ring, _, err := MergeKeys(keys, nil, o)
	return ring, err
}

// MergeKeys is NewKeys with more keys, which others have written: of those the ones that
// are not good, or are at odds with one before them, are left out, and it is said why.
func MergeKeys(keys, more []Key, o KeysOptions) (ring *Keys, left map[string]error, err error) {
	ring = &Keys{byID: map[string]*keyEntry{}, opaque: map[[sha256.Size]byte]opaqueEntry{}, urls: map[string]string{}, now: o.Now}
	if ring.now == nil {
		ring.now = time.Now
	}
	var errs []error
	for _, k := range keys {
		errs = append(errs, ring.add(k, o)...)
	}
	if len(errs) > 0 {
		return nil, nil, errors.Join(errs...)
	}
	left = map[string]error{}
	for _, k := range more {
		if errs := ring.add(k, o); len(errs) > 0 {
			left[k.ID] = errors.Join(errs...)
		}
	}
	return ring, left, nil
}

// add adds a key that is good, and at odds with no other.
func (k *Keys) add(key Key, o KeysOptions) (errs []error) {
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("key %q: "+format, append([]any{key.ID}, args...)...))
	}
	entry, err := compile(key)
	if err != nil {
		wrong("%w", err)
		return errs
	}
	if k.byID[key.ID] != nil {
		wrong("there are two keys of this id")
	}
	for hash := range entry.tokens {
		if other, ok := k.opaque[hash]; ok {
			wrong("one of its tokens is also one of key %q: a token belongs to one key", other.key.ID)
		}
	}
	if key.JWKSURL != "" {
		if other, ok := k.urls[key.JWKSURL]; ok {
			wrong("key %q has the same jwks_url: a token could not tell which of the two it belongs to", other)
		}
		if o.KeySet == nil {
			wrong("this server fetches no key sets: give it a public_key instead of a jwks_url")
		}
	}
	if len(errs) > 0 {
		return errs
	}
	k.byID[key.ID] = entry
	for hash, limit := range entry.tokens {
		k.opaque[hash] = opaqueEntry{entry, limit}
	}
	if key.JWKSURL != "" {
		k.urls[key.JWKSURL] = key.ID
		entry.set = o.KeySet(key.JWKSURL)
		k.sets = append(k.sets, entry)
	}
	return nil
}

// An opaqueEntry is an opaque token of a key.
type opaqueEntry struct {
	key   *keyEntry
	limit int // 0: the key's
}

// Authorize implements Authorizer.
func (k *Keys) Authorize(ctx context.Context, r Request) (Grant, error) {
	admitted, err := k.admit(ctx, r.Token)
	if err != nil {
		return Grant{}, err
	}
	key := admitted.key
	if err := key.checkCaller(r); err != nil {
		return Grant{}, err
	}
	target, err := Normalise(r.Target)
	if err != nil {
		return Grant{}, err
	}
	if !key.targets.match(target) || admitted.narrowed && !admitted.targets.match(target) {
		return Grant{}, wire.Errorf(wire.TargetDenied, "the token does not authorise this target")
	}
	g := admitted.grant()
	g.Target = target
	return g, nil
}

// Identify says whose a token is that would be taken, from whomever and whatever they
// want. The grant has no target.
func (k *Keys) Identify(ctx context.Context, token string) (Grant, error) {
	admitted, err := k.admit(ctx, token)
	if err != nil {
		return Grant{}, err
	}
	return admitted.grant(), nil
}

// Stands implements Reviewer.
func (k *Keys) Stands(g Grant) bool {
	key := k.byID[g.Key]
	if key == nil || key.revoked[g.Token] {
		return false
	}
	if !g.opaque {
		return true
	}
	hash, err := readHash(g.Token)
	return err == nil && k.opaque[hash].key == key
}

// URLs are those of all key sets.
func (k *Keys) URLs() []string { return slices.Collect(maps.Keys(k.urls)) }

// An admission is what a token says that is taken.
type admission struct {
	key      *keyEntry
	id       string // the TokenID
	expires  time.Time
	limit    int // 0: the key's
	targets  Targets
	narrowed bool // targets count
	opaque   bool
}

func (a admission) grant() Grant {
	return Grant{
		Key: a.key.ID, Token: a.id, Expires: a.expires, opaque: a.opaque,
		Limit: narrow(a.key.Limit, a.limit), KeyLimit: a.key.KeyLimit, Rate: a.key.Rate,
	}
}

// admit finds out whose token it is.
func (k *Keys) admit(ctx context.Context, token string) (admission, error) {
	if token == "" {
		return admission{}, wire.Errorf(wire.TokenInvalid, "a token is required: put one into token, or into a header Authorization: Bearer")
	}
	if len(token) > MaxToken {
		return admission{}, wire.Errorf(wire.TokenInvalid, "the token is longer than %d bytes", MaxToken)
	}
	// Whose text hashes to one that is listed, knows the token: the comparison is
	// of what nobody can aim at.
	hash := sha256.Sum256([]byte(token))
	if entry, ok := k.opaque[hash]; ok {
		return admission{key: entry.key, id: hex.EncodeToString(hash[:]), limit: entry.limit, opaque: true}, nil
	}
	return k.verify(ctx, token)
}

// narrow is the lower of two limits, of which 0 is none.
func narrow(limit, other int) int {
	if limit == 0 || other != 0 && other < limit {
		return other
	}
	return limit
}

// checkCaller checks that the origin is valid for the key.
func (e *keyEntry) checkCaller(r Request) error {
	c := r.Caller
	switch {
	case r.JSONP && e.NoJSONP:
		return wire.Errorf(wire.OriginDenied, "the token's key admits no pages by JSONP: leave cb out, and send a POST")
	case !c.Browser:
		return nil
	case len(e.Origins) == 0:
		return wire.Errorf(wire.OriginDenied, "the token's key admits no pages: list their origins with the key, or call from a server")
	case e.origins.Match(c.Origin):
		return nil
	case c.Origin == "":
		return wire.Errorf(wire.OriginDenied, "the page's origin is unknown, and the token's key admits only pages of known ones: the page must send Origin or Referer")
	}
	return wire.Errorf(wire.OriginDenied, "pages of this origin may not use this token")
}

var (
	_ Authorizer = (*Keys)(nil)
	_ Reviewer   = (*Keys)(nil)
)
