package auth

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// Keys is the policy of a server with keys: a keyring, which does not change.
// To change the keys is to make another.
type Keys struct {
	byID   map[string]*keyEntry
	opaque map[[sha256.Size]byte]opaqueEntry
	sets   []*keyEntry // those with a KeySet
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
	ring := &Keys{byID: map[string]*keyEntry{}, opaque: map[[sha256.Size]byte]opaqueEntry{}, now: o.Now}
	if ring.now == nil {
		ring.now = time.Now
	}
	var errs []error
	urls := map[string]string{}
	for _, k := range keys {
		entry, err := compile(k)
		if err != nil {
			errs = append(errs, fmt.Errorf("key %q: %w", k.ID, err))
			continue
		}
		if ring.byID[k.ID] != nil {
			errs = append(errs, fmt.Errorf("key %q: there are two keys of this id", k.ID))
		}
		ring.byID[k.ID] = entry
		for hash, limit := range entry.tokens {
			if other, ok := ring.opaque[hash]; ok && other.key != entry {
				errs = append(errs, fmt.Errorf("key %q: one of its tokens is also one of key %q: a token belongs to one key", k.ID, other.key.ID))
			}
			ring.opaque[hash] = opaqueEntry{entry, limit}
		}
		if k.JWKSURL == "" {
			continue
		}
		if other, ok := urls[k.JWKSURL]; ok {
			errs = append(errs, fmt.Errorf("key %q: key %q has the same jwks_url: a token could not tell which of the two it belongs to", k.ID, other))
		}
		urls[k.JWKSURL] = k.ID
		if o.KeySet == nil {
			errs = append(errs, fmt.Errorf("key %q: this server fetches no key sets: give it a public_key instead of a jwks_url", k.ID))
			continue
		}
		entry.set = o.KeySet(k.JWKSURL)
		ring.sets = append(ring.sets, entry)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return ring, nil
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
	return Grant{
		Key: key.ID, Token: admitted.id, Target: target, Expires: admitted.expires,
		Limit: narrow(key.Limit, admitted.limit), KeyLimit: key.KeyLimit, Rate: key.Rate,
	}, nil
}

// An admission is what a token says that is taken.
type admission struct {
	key      *keyEntry
	id       string // the TokenID
	expires  time.Time
	limit    int // 0: the key's
	targets  Targets
	narrowed bool // targets count
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
		return admission{key: entry.key, id: hex.EncodeToString(hash[:]), limit: entry.limit}, nil
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

var _ Authorizer = (*Keys)(nil)
