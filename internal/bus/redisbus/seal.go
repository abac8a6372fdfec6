package redisbus

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// sealedFor is how far the clocks of two machines may differ, and for how long what
// is sealed is valid.
const sealedFor = 60 * time.Second

var (
	errSeal    = errors.New("it is not signed by the cluster's secret: does everybody have the same?")
	errVersion = errors.New("it is of another version than this program")
)

// A sealer signs what passes over Redis, where a message makes a relay dial, so that
// nobody without the secret can have that done.
//
// Sealed is "1 TIME MAC PAYLOAD": the sender's time in ms, and in hex the
// HMAC-SHA256 over the purpose, the scope, the time and the payload.
type sealer struct {
	key []byte
	now func() time.Time
}

// A purpose is what something is sealed for: it is good for nothing else.
type purpose string

const (
	toRelay    purpose = "to a relay"   // its scope is the channel
	toRouter   purpose = "to a router"  // its scope is the channel
	announcing purpose = "announcement" // its scope is the node's id
	poking     purpose = "keys"         // its scope is the channel

	// These are encrypted, by a vault.
	storingKey    purpose = "a key"    // its scope is the key's id
	storingTicket purpose = "a ticket" // its scope is the hash of its text
)

func newSealer(secret string) sealer {
	// The secret may be long, or good for other things too.
	key := hmac.New(sha256.New, []byte(secret))
	key.Write([]byte("polysocket bus"))
	return sealer{key.Sum(nil), time.Now}
}

// seal signs a payload.
func (s sealer) seal(p purpose, scope string, payload []byte) string {
	ms := s.now().UnixMilli()
	return "1 " + strconv.FormatInt(ms, 10) + " " + hex.EncodeToString(s.mac(p, scope, ms, string(payload))) + " " + string(payload)
}

// unseal returns what was sealed for a purpose and a scope. Errors are errSeal,
// errVersion, or say that the clocks differ.
func (s sealer) unseal(p purpose, scope, sealed string) ([]byte, error) {
	version, rest, _ := strings.Cut(sealed, " ")
	if version != "1" {
		return nil, errVersion
	}
	stamp, rest, _ := strings.Cut(rest, " ")
	mac, payload, _ := strings.Cut(rest, " ")
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return nil, errSeal
	}
	given, err := hex.DecodeString(mac)
	if err != nil || !hmac.Equal(given, s.mac(p, scope, ms, payload)) {
		return nil, errSeal
	}
	if off := s.now().Sub(time.UnixMilli(ms)); off.Abs() > sealedFor {
		return nil, fmt.Errorf("its time is %v off this machine's: the clocks differ, or somebody repeats what was said", off.Round(time.Second))
	}
	return []byte(payload), nil
}

// said is the payload of what is sealed, before anybody has looked at the seal.
func said(sealed string) []byte {
	if parts := strings.SplitN(sealed, " ", 4); len(parts) == 4 {
		return []byte(parts[3])
	}
	return nil
}

// mac is over parts that each say how long they are, so that none passes for a part
// of another.
func (s sealer) mac(p purpose, scope string, ms int64, payload string) []byte {
	h := hmac.New(sha256.New, s.key)
	b := make([]byte, 0, len(p)+len(scope)+32)
	for _, part := range []string{string(p), scope} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(ms))
	h.Write(b)
	h.Write([]byte(payload))
	return h.Sum(nil)
}
