// Package poller tells when a connection hangs up or can be read from, without a
// goroutine for each. It is the only package that knows epoll, which it
// has beside Go's own: the same connection is in both.
package poller

import "errors"

// An Event is what happens to a connection, or several things at once.
type Event uint8

// The events. A hangup is told whether it was asked for or not.
const (
	Hangup   Event = 1 << iota // the peer has closed its side, or the connection broke
	Readable                   // there is something to read, or the end
)

// ErrUnsupported says that there is no poller for this connection, or on this
// system.
var ErrUnsupported = errors.New("poller: not supported")
