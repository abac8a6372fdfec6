package wire

// Kind says what a Frame carries.
type Kind byte

// The kinds of frame that are numbered.
const (
	Text   Kind = 't' // UTF-8 text
	Binary Kind = 'b' // bytes
	Close  Kind = 'c' // the end of one direction
)

// A Frame is the unit that sessions number: downwards a whole message, upwards
// a message or a part of one, and in both directions the close that comes last.
type Frame struct {
	Kind Kind
	// More says that the message goes on in the next frame. It is for parts of
	// messages on their way up; whole messages and closes leave it false.
	More bool
	// Code is the close code of a Close, and unused otherwise.
	Code CloseCode
	// Data is the payload, and of a Close the reason, in UTF-8. Whoever is
	// handed a Frame must not change it.
	Data []byte
}

// frameOverhead is what holding one frame costs beside its payload: the Frame
// itself and its allocation, in bytes.
const frameOverhead = 64

// Cost is what holding the frame takes, in bytes. It is more than the payload,
// so that very many empty messages reach a bound as well.
func (f Frame) Cost() int { return len(f.Data) + frameOverhead }
