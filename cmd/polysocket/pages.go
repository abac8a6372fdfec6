package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/polysocket/polysocket/internal/endpoint"
)

// pages are what only dev serves.
func (d *dev) pages(ctx context.Context, base string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			home(w, r, base, d.ownTargets())
		case "/echo":
			echo(ctx, w, r, int64(d.MessageLimit))
		case "/time":
			tellTime(ctx, w, r)
		default:
			playgroundFile(w, r)
		}
	})
}

// ownTargets tells whether this process's own targets may be reached: to others its
// own addresses are closed, whatever --allow-private says.
func (d *dev) ownTargets() bool { return !d.Open }

// home is where everybody begins: with the playground in a browser, and with the
// welcome elsewhere. Own says that this process's own targets may be reached.
func home(w http.ResponseWriter, r *http.Request, base string, own bool) {
	if !endpoint.Methods(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	w.Header().Set("Vary", "Accept")
	echo, time := targetURL(base, "/echo"), targetURL(base, "/time")
	switch {
	case wantsHTML(r) && own:
		playground{Base: base, Echo: echo, Time: time}.write(w)
	case wantsHTML(r):
		playground{Base: base}.write(w)
	case own:
		writeWelcome(w, base, echo, time+" sends a message a second")
	default:
		writeWelcome(w, base, "wss://ws.example.com/", "private ones are refused, unless --allow-private names them")
	}
}

// writeWelcome tells how to begin without a browser, for a base URL, a target, and
// what there is to say about targets.
func writeWelcome(w http.ResponseWriter, base, target, more string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, welcome, base, target, more)
}

const welcome = `This is polysocket: just use WebSockets, over nothing but HTTP.

1. Open a socket to any WebSocket server:

   curl '%[1]s/create?from=curl&target=%[2]s'

2. Send something, and read what came back (put the answer's "socket" for SOCKET):

   curl -H 'Content-Type:' -d 'hello' '%[1]s/s/SOCKET?t=t'
   curl '%[1]s/j/SOCKET'

   As they come: curl -N '%[1]s/e/SOCKET?a=0'

3. Close it:

   curl -X POST '%[1]s/s/SOCKET?t=c&code=1000'

The target may be any ws:// or wss:// URL; %[3]s.
The protocol: docs/protocol.md.
`

// targetURL is the WebSocket URL of a path on an http or https server.
func targetURL(base, path string) string { return "ws" + strings.TrimPrefix(base, "http") + path }
