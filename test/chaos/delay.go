package chaos

import (
	"context"
	"io"
	"time"
)

// Delay has every piece wait, both ways. While one waits, those behind it do.
type Delay time.Duration

// Serve implements Fault.
func (d Delay) Serve(ctx context.Context, client Conn, dial Dial) {
	later := func(w io.Writer, piece []byte) error {
		if err := wait(ctx, time.Duration(d)); err != nil {
			return err
		}
		return as(w, piece)
	}
	through(ctx, client, dial, later, later)
}
