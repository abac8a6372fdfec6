package upstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/polysocket/polysocket/internal/wire"
)

// A refusal comes at a multiple of refusalStep after the dial began, and up to
// refusalJitter later. So it does not tell whether a name was resolved, and within
// a step not how long that took.
const (
	refusalStep   = 100 * time.Millisecond
	refusalJitter = 50 * time.Millisecond
)

// hold holds back a refusal of the guard's until its time has come, or ctx ends.
// Other outcomes pass at once.
func hold(ctx context.Context, began time.Time, err error) {
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != wire.TargetDenied {
		return
	}
	steps := time.Since(began)/refusalStep + 1
	timer := time.NewTimer(time.Until(began.Add(steps*refusalStep + rand.N(refusalJitter))))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
