package lossless

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// An answer is one of the protocol's.
type answer struct {
	status int

	OK       *bool     `json:"ok"`
	Error    string    `json:"error"`
	Code     string    `json:"code"`
	Status   int       `json:"status"` // with status=200
	Socket   string    `json:"socket"`
	N        *uint64   `json:"n"`
	Seq      *uint64   `json:"seq"`
	Messages []encoded `json:"messages"`
	Sockets  []portion `json:"sockets"`
}

// A portion is what /m has of one socket.
type portion struct {
	Socket   string    `json:"socket"`
	Seq      uint64    `json:"seq"`
	Messages []encoded `json:"messages"`
	Code     string    `json:"code"`
}

// An encoded message is one as /j has it.
type encoded struct {
	Type   string `json:"type"`
	Data   string `json:"data"`
	Code   int    `json:"code"`
	Reason string `json:"reason"`
	Clean  bool   `json:"wasClean"`
}

const heartbeat = "heartbeat"

func (e encoded) message() (Message, error) {
	switch e.Type {
	case "text":
		return Message{Kind: Text, Data: []byte(e.Data)}, nil
	case "binary":
		data, err := base64.StdEncoding.DecodeString(e.Data)
		return Message{Kind: Binary, Data: data}, err
	case "close":
		return Message{Kind: Close, Code: e.Code, Reason: e.Reason, Clean: e.Clean}, nil
	default:
		return Message{}, fmt.Errorf("a message of type %q", e.Type)
	}
}

// parse reads an answer: JSON, or with a callback JSONP.
func parse(body []byte, callback string) (a answer, err error) {
	if callback != "" {
		inner, begins := bytes.CutPrefix(body, []byte("/**/"+callback+"("))
		inner, ends := bytes.CutSuffix(inner, []byte(");"))
		if !begins || !ends {
			return a, fmt.Errorf("no JSONP: %.100q", body)
		}
		body = inner
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return a, err
	}
	if a.OK == nil {
		return a, errors.New("it has no ok")
	}
	return a, nil
}
