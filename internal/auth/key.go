package auth

import "log/slog"

// A Key is a customer's record, as an operator writes it. It is plain data:
// Validate says what is wrong with it.
type Key struct {
	// ID is what a token's kid names: 1 to 64 of the characters A-Z a-z 0-9 . _ ~ -
	ID string `json:"id"`

	// At most one of the three says what verifies the key's JWTs, and with it the
	// only algorithm they may have. Without one the key has opaque tokens alone.

	// Secret is for HS256: at least 32 bytes, which nobody could guess.
	Secret string `json:"secret,omitempty"`
	// PublicKey is a PEM block, PUBLIC KEY or RSA PUBLIC KEY. Its type fixes RS256
	// (2048 bits at least), ES256 (P-256) or EdDSA (Ed25519).
	PublicKey string `json:"public_key,omitempty"`
	// JWKSURL is where a JSON Web Key Set is, by https (by http on this machine
	// alone). A token's kid then names a key of the set, whose type fixes the
	// algorithm.
	JWKSURL string `json:"jwks_url,omitempty"`

	// Audience is what a token's aud must name. Without one a token must have no
	// aud (RFC 7519 §4.1.3), as it is meant for somebody else.
	Audience string `json:"audience,omitempty"`
	// Tokens are opaque tokens.
	Tokens []OpaqueToken `json:"tokens,omitempty"`
	// Revoked are the TokenIDs of JWTs that are not taken any more.
	Revoked []string `json:"revoked,omitempty"`

	// Origins are the pages that may call, as ParseOrigins reads them; none: only
	// callers that are not browsers.
	Origins []string `json:"origins,omitempty"`
	// Targets are what may be opened, as ParseTargets reads them; at least one.
	Targets []string `json:"targets"`
	// NoJSONP admits no page by JSONP.
	NoJSONP bool `json:"no_jsonp,omitempty"`

	// Limit is how many sockets may be open at once with one token, KeyLimit with
	// all of the key's; 0: no limit.
	Limit    int `json:"limit,omitempty"`
	KeyLimit int `json:"key_limit,omitempty"`
	// Rate is how often sockets may be created with the key; zero: no limit.
	Rate Rate `json:"rate,omitzero"`
}

// String is the key's id, so that no secret gets into an error.
func (k Key) String() string { return k.ID }

// LogValue implements slog.LogValuer, so that no secret gets into a log.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.ID) }

// An OpaqueToken is a token that is no JWT but a secret: at least 128 random
// bits, in any spelling.
type OpaqueToken struct {
	// SHA256 is the hash of the token's text, in lower-case hex.
	SHA256 string `json:"sha256"`
	// Limit is how many sockets may be open at once with it; 0: the key's. It only
	// narrows.
	Limit int `json:"limit,omitempty"`
}
