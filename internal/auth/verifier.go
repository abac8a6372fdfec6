package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// leastSecret is how long a secret must be, in bytes: as long as the hash (RFC
// 7518 §3.2). leastRSA and mostRSA bound an RSA key, in bits: §3.3, and a longer
// one only makes a server slow.
const (
	leastSecret = 32
	leastRSA    = 2048
	mostRSA     = 8192
)

const algES256 = "ES256"

// A verifier is what verifies the signatures of a key, and the one algorithm that
// its type fixes: what a token says of its algorithm chooses nothing.
type verifier struct {
	method jwt.SigningMethod
	key    any // []byte or crypto.PublicKey; nil: it verifies nothing
}

func (v verifier) verifies(j jws) bool {
	return j.algorithm == v.method.Alg() && v.method.Verify(j.signed, j.signature, v.key) == nil
}

// Method is the one algorithm that a key's type fixes. The key is what verifies: a
// secret as []byte, or an *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey.
// The error says why the key is too weak, or none for tokens.
func Method(key any) (jwt.SigningMethod, error) {
	switch key := key.(type) {
	case []byte:
		if len(key) < leastSecret {
			return nil, fmt.Errorf("a secret of %d bytes can be guessed by whoever has one token: use %d random bytes or more, as openssl rand -hex 32 prints them", len(key), leastSecret)
		}
		return jwt.SigningMethodHS256, nil
	case *rsa.PublicKey:
		if n := key.N.BitLen(); n < leastRSA || n > mostRSA {
			return nil, fmt.Errorf("an RSA key of %d bits: use one of %d to %d", n, leastRSA, mostRSA)
		}
		return jwt.SigningMethodRS256, nil
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() {
			return nil, fmt.Errorf("a key on the curve %s: use one on P-256", key.Curve.Params().Name)
		}
		return jwt.SigningMethodES256, nil
	case ed25519.PublicKey:
		return jwt.SigningMethodEdDSA, nil
	}
	return nil, fmt.Errorf("a key of the type %T: use RSA, P-256 or Ed25519", key)
}

func newVerifier(key any) (verifier, error) {
	method, err := Method(key)
	return verifier{method, key}, err
}

func secretVerifier(secret string) (verifier, error) {
	if strings.Contains(secret, "-----BEGIN ") {
		return verifier{}, refusal("this is a PEM block: a public key stands in public_key, and a private one stays with those who make tokens")
	}
	return newVerifier([]byte(secret))
}

// pemVerifier reads one public key as PEM.
func pemVerifier(text string) (verifier, error) {
	block, rest := pem.Decode([]byte(text))
	switch {
	case block == nil:
		return verifier{}, refusal("it is not PEM: it begins with -----BEGIN PUBLIC KEY-----")
	case strings.TrimSpace(string(rest)) != "":
		return verifier{}, refusal("something follows the PEM block: a key has one")
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return verifier{}, refusal("this is a private key, which must not be here: give the public one, as openssl pkey -pubout prints it, and make a new pair")
	}
	var key crypto.PublicKey
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		return verifier{}, fmt.Errorf("a PEM block of the type %q: give a PUBLIC KEY, as openssl pkey -pubout prints it", block.Type)
	}
	if err != nil {
		return verifier{}, fmt.Errorf("not a public key: %w", err)
	}
	return newVerifier(key)
}
