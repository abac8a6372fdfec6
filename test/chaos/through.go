package chaos

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// A flow passes a piece of what goes one way on to w. An error breaks the connection, and errCut ends it.
type flow func(w io.Writer, piece []byte) error

// as passes a piece on as it came.
func as(w io.Writer, piece []byte) error {
	_, err := w.Write(piece)
	return err
}

// errCut is a flow's wish to close the connection both ways.
var errCut = errors.New("cut")

// through dials, and passes bytes on both ways until both are done.
func through(ctx context.Context, client Conn, dial Dial, up, down flow) {
	server, err := dial(ctx)
	if err != nil {
		client.Abort()
		return
	}
	defer server.Close()
	tunnel(client, client, server, server, up, down)
}

// tunnel passes bytes on both ways until both are done. What was read ahead is in fromClient and fromServer.
func tunnel(client Conn, fromClient io.Reader, server Conn, fromServer io.Reader, up, down flow) {
	var both sync.WaitGroup
	var end sync.Once // the first way to fail says how; the other fails of it
	oneWay := func(w Conn, r io.Reader, by flow) {
		switch err := run(w, r, by); {
		case err == nil:
			_ = w.CloseWrite() // if it is closed already that is as well
		case errors.Is(err, errCut):
			end.Do(func() {
				client.Close()
				server.Close()
			})
		default:
			end.Do(func() {
				client.Abort()
				server.Abort()
			})
		}
	}
	both.Go(func() { oneWay(server, fromClient, up) })
	oneWay(client, fromServer, down)
	both.Wait()
}

// run passes what r has on to w, until its end.
func run(w io.Writer, r io.Reader, by flow) error {
	piece := make([]byte, 32<<10)
	for {
		n, err := r.Read(piece)
		if n > 0 {
			if err := by(w, piece[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// wait waits, but no longer than ctx.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
