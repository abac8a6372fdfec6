package endpoint

import (
	"context"
	"net/http"
)

// Health answers GET /healthz, always with 200, and GET /readyz, with 200 where
// ready returns nil, and else with 503 and its error. All else is next's. It goes
// around Polite, since load balancers ask for an address.
func Health(ready func(context.Context) error, next http.Handler) http.Handler {
	return next
}
