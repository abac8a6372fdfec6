package chaos

import (
	"context"
	"time"
)

// KillUpgraded breaks each upgraded connection so long after its handshake was answered, and passes everything else on.
type KillUpgraded time.Duration

// Serve implements Fault.
func (after KillUpgraded) Serve(ctx context.Context, client Conn, dial Dial) {
	x := new(http1)
	x.upgraded = func() {
		ctx, stop := context.WithTimeout(ctx, time.Duration(after))
		context.AfterFunc(ctx, func() {
			client.Abort()
			x.server.Abort()
			stop()
		})
	}
	x.serve(ctx, client, dial)
}
