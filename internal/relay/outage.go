package relay

import (
	"log/slog"
	"sync"
)

// An outage tells the log when something begins to fail, and when it works again, and
// not of each time between.
type outage struct {
	log        *slog.Logger
	lost, back string // what it is told

	mu sync.Mutex
	on bool
}

// note takes how it went this time.
func (o *outage) note(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err != nil && !o.on:
		o.log.Warn(o.lost, "error", err)
	case err == nil && o.on:
		o.log.Info(o.back)
	}
	o.on = err != nil
}
