package redisbus

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// A vault encrypts what Redis keeps, so that who reads it there, or in a copy of it,
// learns no secret, and who writes there without the cluster's secret makes nothing
// that is taken.
//
// Locked is "1 NUMBER TEXT": a number that is not secret and cannot be changed, and in
// base64 AES-256-GCM's nonce and ciphertext. Each purpose and scope has a key of its
// own, made by HKDF-SHA256 of the cluster's secret.
type vault struct {
	root []byte
	now  func() time.Time
}

func newVault(secret string) vault {
	root, err := hkdf.Extract(sha256.New, []byte(secret), []byte("polysocket kept in Redis"))
	if err != nil {
		panic(err) // of FIPS 140 alone, for a secret that CheckSecret does not let through
	}
	return vault{root, time.Now}
}

func (v vault) cipher(p purpose, scope string) cipher.AEAD {
	info := binary.BigEndian.AppendUint32(nil, uint32(len(p)))
	key, err := hkdf.Expand(sha256.New, v.root, string(info)+string(p)+scope, 32)
	if err != nil {
		panic(err) // for a longer key
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // for another length
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // for a cipher that is not AES
	}
	return aead
}

// lock encrypts a text, for a purpose and a scope.
func (v vault) lock(p purpose, scope string, number uint64, text []byte) string {
	sealed := v.cipher(p, scope).Seal(nil, nil, text, binary.BigEndian.AppendUint64(nil, number))
	return "1 " + strconv.FormatUint(number, 10) + " " + base64.RawStdEncoding.EncodeToString(sealed)
}

// unlock returns what was locked for a purpose and a scope. Errors are errSeal and
// errVersion.
func (v vault) unlock(p purpose, scope, locked string) (number uint64, text []byte, err error) {
	version, rest, _ := strings.Cut(locked, " ")
	if version != "1" {
		return 0, nil, errVersion
	}
	digits, encoded, _ := strings.Cut(rest, " ")
	if number, err = strconv.ParseUint(digits, 10, 64); err != nil {
		return 0, nil, errSeal
	}
	sealed, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return 0, nil, errSeal
	}
	text, err = v.cipher(p, scope).Open(nil, nil, sealed, binary.BigEndian.AppendUint64(nil, number))
	if err != nil {
		return 0, nil, errSeal
	}
	return number, text, nil
}
