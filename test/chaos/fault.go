package chaos

import (
	"context"
	"sync"
)

// A Fault is a middlebox.
type Fault interface {
	// Serve serves one connection, and opens those onwards that it needs by dial. It returns when it is done with
	// all of them, at the latest after ctx has ended, when they break by themselves. It closes what it has dialled;
	// client is closed by the caller, once Serve has returned.
	Serve(ctx context.Context, client Conn, dial Dial)
}

// A Dial opens a connection to what stands behind.
type Dial func(ctx context.Context) (Conn, error)

// Chain is its faults one behind the other, the first one next to the client. Without any it passes all on.
type Chain []Fault

// Serve implements Fault.
func (c Chain) Serve(ctx context.Context, client Conn, dial Dial) {
	switch len(c) {
	case 0:
		through(ctx, client, dial, as, as)
		return
	case 1:
		c[0].Serve(ctx, client, dial)
		return
	}
	var behind sync.WaitGroup
	defer behind.Wait()
	c[0].Serve(ctx, client, func(context.Context) (Conn, error) {
		near, far := pipe()
		behind.Go(func() {
			defer far.Close()
			c[1:].Serve(ctx, far, dial)
		})
		return near, nil
	})
}
