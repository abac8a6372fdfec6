package chaos

import (
	"context"
	"fmt"
	"net/http"
)

// RefuseUpgrade answers WebSocket handshakes with this status, 403 or 400 as boxes do that know no Upgrade, and passes
// everything else on.
type RefuseUpgrade int

// Serve implements Fault.
func (status RefuseUpgrade) Serve(ctx context.Context, client Conn, dial Dial) {
	x := &http1{handshake: func(head) bool {
		const body = "no Upgrade here\n"
		fmt.Fprintf(client, "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
			int(status), http.StatusText(int(status)), len(body), body)
		return false
	}}
	x.serve(ctx, client, dial)
}
