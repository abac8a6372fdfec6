package chaos

import (
	"context"
	"io"
)

// HangUpgrade lets WebSocket handshakes go unanswered for as long as the client waits, and passes everything else on.
type HangUpgrade struct{}

// Serve implements Fault.
func (HangUpgrade) Serve(ctx context.Context, client Conn, dial Dial) {
	x := &http1{handshake: func(head) bool {
		_, _ = io.Copy(io.Discard, client) // however it ends
		return false
	}}
	x.serve(ctx, client, dial)
}
