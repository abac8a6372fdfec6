package wire

import "net/http"

// HopHeader is in every handshake with a target. It tells a target that a relay
// asks, and an endpoint of polysocket that another relay does: /create acts on a
// GET, so a target that is a router would let one caller open sockets in the name
// of a relay, and chains of them.
const HopHeader = "Polysocket-Hop"

// Hopped tells whether a request is a relay's handshake, which no endpoint of
// polysocket takes.
func Hopped(h http.Header) bool { return len(h[HopHeader]) > 0 }
