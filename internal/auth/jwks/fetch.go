package jwks

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/MicahParks/jwkset"
)

// most is how long a set may be, in bytes.
const most = 1 << 20

// fetch gets a set.
func fetch(ctx context.Context, client *http.Client, url string) (map[string][]crypto.PublicKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answered %s", answer.Status)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	if err != nil {
		return nil, err
	}
	if len(body) > most {
		return nil, fmt.Errorf("the set is longer than %d bytes", most)
	}
	return parse(body)
}

// parse reads a set: its public keys by their kids. Keys that cannot be used are
// left out, but an error where there are no others.
func parse(text []byte) (map[string][]crypto.PublicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("not a key set: %w", err)
	}
	if set.Keys == nil {
		return nil, fmt.Errorf(`not a key set: it has no "keys"`)
	}
	keys := map[string][]crypto.PublicKey{}
	var unusable error
	for i, raw := range set.Keys {
		kid, key, err := parseKey(raw)
		if err != nil {
			unusable = fmt.Errorf("none of its keys can be used; keys[%d]: %w", i, err)
			continue
		}
		keys[kid] = append(keys[kid], key)
	}
	if len(keys) == 0 && unusable != nil {
		return nil, unusable
	}
	return keys, nil
}

// algorithm is the only one that we use a type of key for; empty: we do not use
// it.
func algorithm(key any) jwkset.ALG {
	switch key.(type) {
	case *rsa.PublicKey:
		return jwkset.AlgRS256
	case *ecdsa.PublicKey:
		return jwkset.AlgES256
	case ed25519.PublicKey:
		return jwkset.AlgEdDSA
	}
	return ""
}

// parseKey reads a key that is for verifying the signatures of tokens. Of a
// private key it takes the public half.
func parseKey(raw json.RawMessage) (kid string, key crypto.PublicKey, err error) {
	jwk, err := jwkset.NewJWKFromRawJSON(raw, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return "", nil, err
	}
	m := jwk.Marshal()
	switch fixed := algorithm(jwk.Key()); {
	case m.KID == "":
		return "", nil, fmt.Errorf("it has no kid")
	case fixed == "":
		return "", nil, fmt.Errorf("its type is none of RSA, P-256 and Ed25519")
	case m.ALG != "" && m.ALG != fixed:
		return "", nil, fmt.Errorf("it is for %s", m.ALG)
	case m.USE != "" && m.USE != jwkset.UseSig, len(m.KEYOPS) > 0 && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify):
		return "", nil, fmt.Errorf("it is not for verifying signatures")
	}
	return m.KID, jwk.Key(), nil
}
