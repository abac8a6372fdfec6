package chaos

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// Hold holds each response until it is complete, as a box does that looks for viruses. A stream that does not end never
// arrives. An upgraded connection is left alone.
type Hold struct{}

// maxHeld is how much of a response is held. One that is longer breaks its connection.
const maxHeld = 64 << 20

// Serve implements Fault.
func (Hold) Serve(ctx context.Context, client Conn, dial Dial) {
	x := &http1{response: func() (io.Writer, func() error) {
		w := new(held)
		return w, func() error { return as(client, w.Bytes()) }
	}}
	x.serve(ctx, client, dial)
}

// A held is a response that is held.
type held struct{ bytes.Buffer }

func (h *held) Write(b []byte) (int, error) {
	if h.Len()+len(b) > maxHeld {
		return 0, errors.New("the response is too long to be held")
	}
	return h.Buffer.Write(b)
}
