package endpoint

import (
	"context"
	"net/http"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// readyTimeout is how long it may take to find out whether a server is ready.
const readyTimeout = 2 * time.Second

// Health answers /healthz, always with 200, and /readyz, with 200 where ready returns
// nil and else with 503 and its error, which everybody may read. All else is next's.
//
// It is put around Polite, since who watches over servers asks for an address, and
// whatever is behind a name is their business.
func Health(ready func(context.Context) error, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var check func(context.Context) error
		switch r.URL.Path {
		case "/healthz":
			check = func(context.Context) error { return nil }
		case "/readyz":
			check = ready
		default:
			next.ServeHTTP(w, r)
			return
		}
		unstored(w.Header())
		Paced(w, r)
		if !Methods(w, r, http.MethodGet, http.MethodHead) {
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		if err := check(ctx); err != nil {
			Answer{}.Error(w, wire.Errorf(wire.NoRelay, "%v", err))
			return
		}
		Answer{}.OK(w, http.StatusOK)
	})
}
