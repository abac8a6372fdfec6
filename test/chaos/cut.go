package chaos

import (
	"context"
	"io"
	"sync/atomic"
)

// Cut cuts each connection at a byte.
type Cut struct {
	Up, Down int64 // after so many bytes to the server, or from it; 0 is never
	Reset    bool  // the ends see a reset; else an end, as of a box that shuts down

	Count *atomic.Int64 // counts the cuts; may be nil
}

// Serve implements Fault.
func (c Cut) Serve(ctx context.Context, client Conn, dial Dial) {
	through(ctx, client, dial, c.after(c.Up), c.after(c.Down))
}

func (c Cut) after(left int64) flow {
	if left == 0 {
		return as
	}
	return func(w io.Writer, piece []byte) error {
		if int64(len(piece)) < left {
			left -= int64(len(piece))
			return as(w, piece)
		}
		if err := as(w, piece[:left]); err != nil {
			return err
		}
		if c.Count != nil {
			c.Count.Add(1)
		}
		if c.Reset {
			return io.ErrUnexpectedEOF
		}
		return errCut
	}
}
