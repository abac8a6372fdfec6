package history

import (
	"fmt"
	"math/rand/v2"

	"github.com/polysocket/polysocket/test/lossless"
)

// A Way is the direction of messages.
type Way uint64

// The ways.
const (
	Up   Way = 1
	Down Way = 2
)

func (w Way) String() string { return [...]string{Up: "up", Down: "down"}[w] }

// A Plan is what goes one way.
type Plan struct {
	Seed  uint64
	Way   Way
	Count uint64 // of messages
}

// Message is the message with a number from 1 on. Most are small, a few are empty, and a few have some 100 kB.
func (p Plan) Message(n uint64) lossless.Message {
	r := rand.New(rand.NewPCG(p.Seed, uint64(p.Way)<<56|n))
	m := lossless.Message{Kind: lossless.Binary, Data: make([]byte, size(r))}
	for i := range m.Data {
		m.Data[i] = byte(r.Uint32())
	}
	if r.IntN(2) == 0 {
		m.Kind = lossless.Text
		m.Data = text(m.Data)
	}
	// Its number stands in it, so that no two are the same but where there is no room.
	if name := fmt.Sprintf("%s %d:", p.Way, n); len(m.Data) > len(name) {
		copy(m.Data, name)
	}
	return m
}

// size draws how long a message is.
func size(r *rand.Rand) int {
	switch n := r.IntN(1000); {
	case n < 40:
		return 0
	case n < 900:
		return r.IntN(130)
	case n < 997:
		return r.IntN(5000)
	case n < 998:
		return 65_530 + r.IntN(12) // where a frame's length gets longer
	default:
		return 100_000 + r.IntN(100_000)
	}
}

// letters are those of the texts: of one to four bytes, and what is escaped somewhere.
var letters = []rune("ab\"\\</>&\u0000\n\r\u2028é€漢😀")

// text makes UTF-8 of bytes, about as long. It begins with ASCII.
func text(noise []byte) []byte {
	made := make([]byte, 0, len(noise)+4)
	for i, b := range noise {
		if len(made) >= len(noise) {
			break
		}
		if i < 32 {
			made = append(made, 'a'+b%26)
			continue
		}
		made = append(made, string(letters[int(b)%len(letters)])...)
	}
	return made
}
