package auth

import (
	"bytes"
	"crypto/elliptic"
	"math/big"
)

// lowerTwin is the one of an ES256 signature (RFC 7518 §3.4) and its twin that
// has the lower s. What cannot be such a signature stays as it is.
func lowerTwin(signature []byte) []byte {
	const half = 32
	if len(signature) != 2*half {
		return signature
	}
	s := new(big.Int).SetBytes(signature[half:])
	twin := new(big.Int).Sub(elliptic.P256().Params().N, s)
	if twin.Sign() < 0 || twin.Cmp(s) >= 0 {
		return signature
	}
	lower := bytes.Clone(signature)
	twin.FillBytes(lower[half:])
	return lower
}
