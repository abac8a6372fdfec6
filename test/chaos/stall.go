package chaos

import (
	"context"
	"io"
	"time"
)

// Stall lets each connection stand still once, both ways, and says nothing of it.
type Stall struct {
	After int64 // when so many bytes have come from the server
	For   time.Duration
}

// Serve implements Fault.
func (s Stall) Serve(ctx context.Context, client Conn, dial Dial) {
	moving := make(chan struct{}, 1) // has a token while bytes may pass
	moving <- struct{}{}
	left := s.After
	down := func(w io.Writer, piece []byte) error {
		if left < 0 {
			return as(w, piece)
		}
		if int64(len(piece)) < left {
			left -= int64(len(piece))
			return as(w, piece)
		}
		begin := left
		left = -1
		<-moving
		err := as(w, piece[:begin])
		if err == nil {
			err = wait(ctx, s.For)
		}
		moving <- struct{}{}
		if err != nil {
			return err
		}
		return as(w, piece[begin:])
	}
	up := func(w io.Writer, piece []byte) error {
		moving <- <-moving
		return as(w, piece)
	}
	through(ctx, client, dial, up, down)
}
