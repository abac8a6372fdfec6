package chaos

import (
	"context"
	"io"
	"slices"
)

// Slice passes so many bytes at a time on, both ways. What is behind it sees them one by one; the network may join them
// again.
type Slice int

// Serve implements Fault.
func (s Slice) Serve(ctx context.Context, client Conn, dial Dial) {
	sliced := func(w io.Writer, piece []byte) error {
		for part := range slices.Chunk(piece, int(s)) {
			if err := as(w, part); err != nil {
				return err
			}
		}
		return nil
	}
	through(ctx, client, dial, sliced, sliced)
}
