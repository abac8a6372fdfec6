package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// MaxToken is how long a token may be, in bytes.
const MaxToken = 8 << 10

// verify finds the key of a JWT, and reads what the JWT says. A token that no
// key verifies gets one and the same answer, whatever the reason, so that nobody
// learns which keys there are.
func (k *Keys) verify(ctx context.Context, token string) (admission, error) {
	j, ok := parseJWS(token)
	var key *keyEntry
	if ok {
		key = k.find(ctx, j)
	}
	if key == nil {
		return admission{}, invalid("the token is not valid: it is malformed, or no key here verifies it")
	}
	a := admission{key: key, id: TokenID(token)}
	if key.revoked[a.id] {
		return admission{}, invalid("the token was revoked: get another")
	}
	return a, a.readClaims(j.claims, k.now())
}

func invalid(format string, args ...any) error {
	return wire.Errorf(wire.TokenInvalid, format, args...)
}

// find looks for the key that verifies the signature: the one that kid names, or
// one whose set has the kid. Nil: there is none.
func (k *Keys) find(ctx context.Context, j jws) *keyEntry {
	if entry := k.byID[j.kid]; entry != nil && entry.verifier.key != nil {
		if entry.verifier.verifies(j) {
			return entry
		}
		return nil
	}
	if entry := k.findInSets(j); entry != nil {
		return entry
	}
	// The issuer may have a new key.
	ctx, cancel := context.WithTimeout(ctx, refetchWait)
	defer cancel()
	var fetched []<-chan struct{}
	for _, entry := range k.sets {
		fetched = append(fetched, entry.set.Refetch())
	}
	for _, done := range fetched {
		select {
		case <-done:
		case <-ctx.Done():
		}
	}
	return k.findInSets(j)
}

// refetchWait is how long a token whose kid is unknown waits for key sets.
const refetchWait = 3 * time.Second

func (k *Keys) findInSets(j jws) *keyEntry {
	for _, entry := range k.sets {
		for _, public := range entry.set.Find(j.kid) {
			if v, err := newVerifier(public); err == nil && v.verifies(j) {
				return entry
			}
		}
	}
	return nil
}

// A jws is a JWT in parts (RFC 7515 §3.1). Nothing in it is verified.
type jws struct {
	algorithm, kid string
	claims         []byte
	signed         string // what the signature is of
	signature      []byte
}

// strictBase64 has one spelling for one run of bytes, but for line breaks, which
// it skips.
var strictBase64 = base64.RawURLEncoding.Strict()

// parseJWS reads a JWT strictly: each part in the only spelling that it has, and
// in the header no name twice and no extension that we would have to understand
// (crit). A key that a header brings with it (jwk, jku, x5c, x5u) counts for
// nothing.
func parseJWS(token string) (j jws, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") {
		return jws{}, false
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = strictBase64.DecodeString(part); err != nil {
			return jws{}, false
		}
	}
	header, err := readObject(decoded[0])
	if err != nil || header["crit"] != nil {
		return jws{}, false
	}
	algorithm, err := readText(header["alg"])
	if err != nil {
		return jws{}, false
	}
	kid, err := readText(header["kid"])
	if err != nil || kid == "" {
		return jws{}, false
	}
	return jws{algorithm, kid, decoded[1], parts[0] + "." + parts[1], decoded[2]}, true
}

// TokenID names a token without telling it: the SHA-256 of its whole text, in
// hex. An ES256 signature (r, s) has a twin, (r, n-s), which anybody can make of
// it: both texts have the id of the one with the lower s, so that one token does
// not count as two.
func TokenID(token string) string {
	if j, ok := parseJWS(token); ok && j.algorithm == algES256 {
		token = j.signed + "." + strictBase64.EncodeToString(lowerTwin(j.signature))
	}
	hash := sha256.Sum256([]byte(token))
	return hex.EncodeToString(hash[:])
}
