package lossless

import "fmt"

// A Kind is that of a message, as t on /s has it.
type Kind byte

// The kinds of messages.
const (
	Text   Kind = 't'
	Binary Kind = 'b'
	Close  Kind = 'c'
)

// A Message is one of a socket's, either way.
type Message struct {
	Kind Kind
	Data []byte

	// Of a close.
	Code   int
	Reason string
	Clean  bool
}

func (m Message) String() string {
	if m.Kind == Close {
		return fmt.Sprintf("close %d %q clean=%t", m.Code, m.Reason, m.Clean)
	}
	return fmt.Sprintf("%c %d bytes %.40q", m.Kind, len(m.Data), m.Data)
}
