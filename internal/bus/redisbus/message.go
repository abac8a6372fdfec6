package redisbus

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/wire"
)

// A question is what a router publishes to a relay. Names of kinds and fields stay as
// they are: processes of two versions talk.
type question struct {
	Kind   kind
	ID     string           // of the request, as that of a cancel too
	Router string           `json:",omitempty"` // who is to be answered
	Open   *bus.OpenRequest `json:",omitempty"`
	Close  []string         `json:",omitempty"` // sockets
	Keys   []string         `json:",omitempty"` // whose sockets are to close
	Tokens []string         `json:",omitempty"` // as Keys
	Code   wire.CloseCode   `json:",omitempty"` // and Reason: what their clients are told
	Reason string           `json:",omitempty"`
}

type kind string

const (
	openSocket   kind = "open"
	cancelOpen   kind = "cancel" // whatever has become of it, nothing is to stay open
	closeSockets kind = "close"
	ping         kind = "ping"
)

// An answer is what a relay publishes to a router.
type answer struct {
	ID       string         // the question's
	Node     string         // who answers
	Socket   string         `json:",omitempty"`
	Protocol string         `json:",omitempty"`
	Declined bool           `json:",omitempty"`
	Code     wire.ErrorCode `json:",omitempty"` // and Message: an error
	Message  string         `json:",omitempty"`
	Wait     time.Duration  `json:",omitempty"` // in ns: when trying again may help
}

// setError says why there is no socket.
func (a *answer) setError(err error) {
	var said *wire.Error
	switch {
	case errors.As(err, &said):
		a.Code, a.Message, a.Wait = said.Code, said.Message, said.Wait
	default:
		a.Declined = true
	}
}

// result is the answer as bus.Relays has it.
func (a answer) result() (bus.OpenReply, error) {
	switch {
	case a.Declined:
		return bus.OpenReply{}, bus.ErrDeclined
	case a.Code != "":
		return bus.OpenReply{}, &wire.Error{Code: a.Code, Message: a.Message, Wait: a.Wait}
	}
	return bus.OpenReply{Socket: a.Socket, Protocol: a.Protocol}, nil
}

// sealQuestion seals a question for a relay.
func (b *Bus) sealQuestion(node string, q question) (channel, message string) {
	channel = relayChannel(node)
	payload, _ := json.Marshal(q) // strings always marshal
	return channel, b.seal.seal(toRelay, channel, payload)
}

// sealAnswer seals an answer for a router.
func (b *Bus) sealAnswer(router string, a answer) (channel, message string) {
	channel = routerChannel(router)
	payload, _ := json.Marshal(a) // strings always marshal
	return channel, b.seal.seal(toRouter, channel, payload)
}

func (b *Bus) readQuestion(channel, sealed string) (question, error) {
	var q question
	payload, err := b.seal.unseal(toRelay, channel, sealed)
	if err == nil {
		err = json.Unmarshal(payload, &q)
	}
	return q, err
}

func (b *Bus) readAnswer(sealed string) (answer, error) {
	var a answer
	payload, err := b.seal.unseal(toRouter, routerChannel(b.id), sealed)
	if err == nil {
		err = json.Unmarshal(payload, &a)
	}
	return a, err
}
