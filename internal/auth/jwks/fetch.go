package jwks

import (
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/MicahParks/jwkset"

	"github.com/polysocket/polysocket/internal/auth"
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

// parseKey reads a key that is for verifying the signatures of tokens. Of a
// private key it takes the public half.
func parseKey(raw json.RawMessage) (kid string, key crypto.PublicKey, err error) {
	jwk, err := jwkset.NewJWKFromRawJSON(raw, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return "", nil, err
	}
	method, err := auth.Method(jwk.Key())
	if err != nil {
		return "", nil, err
	}
	switch m := jwk.Marshal(); {
	case m.KID == "":
		return "", nil, fmt.Errorf("it has no kid")
	case m.ALG != "" && m.ALG.String() != method.Alg():
		return "", nil, fmt.Errorf("it is for %s", m.ALG)
	case m.USE != "" && m.USE != jwkset.UseSig, len(m.KEYOPS) > 0 && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify):
		return "", nil, fmt.Errorf("it is not for verifying signatures")
	}
	return jwk.Marshal().KID, jwk.Key(), nil
}
