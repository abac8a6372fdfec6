package endpoint

import (
	"net/http"

	"github.com/polysocket/polysocket/internal/wire"
)

// Hopped refuses a relay's handshake with a target, and tells whether it was one:
// no endpoint is a target. The caller goes on only when it is false.
func Hopped(w http.ResponseWriter, r *http.Request) bool {
	if !wire.Hopped(r.Header) {
		return false
	}
	Answer{}.Error(w, wire.Errorf(wire.TargetDenied, "an endpoint of polysocket is no target"))
	return true
}
