package upstream

import (
	crand "crypto/rand"
	"encoding/binary"
	"math/rand/v2"
	"sync"
)

// generators makes masking keys: ChaCha8, which forgets what it gave, seeded by
// the system. RFC 6455 §5.3 and §10.3 want keys that a page cannot foresee, so
// that it cannot choose what stands on the wire.
var generators = sync.Pool{New: func() any {
	var seed [32]byte
	crand.Read(seed[:]) // never fails
	return rand.NewChaCha8(seed)
}}

// newMask makes a masking key for one frame.
func newMask() (mask [4]byte) {
	generator := generators.Get().(*rand.ChaCha8)
	binary.LittleEndian.PutUint32(mask[:], uint32(generator.Uint64()))
	generators.Put(generator)
	return mask
}
