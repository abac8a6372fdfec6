package upstream

import "time"

// What a target may send that costs more than it weighs. An honest one comes nowhere
// near; beyond, the connection is failed with 1008 (RFC 6455 §7.4.1).
const (
	maxControls = 1000 // control frames in a second
	// A message may have so many fragments, and one more for each so many bytes: a
	// sender that flushes often makes small ones, and one that is hostile empty ones.
	freeFragments = 4096
	fragmentBytes = 64
	// A message may inflate to so many bytes whatever it is, and to more only where it
	// is no longer than so many times what came.
	freeInflation = 4 << 20
	maxInflation  = 200
)

// A pace counts what comes in each second.
type pace struct {
	since time.Time
	count int
}

// allows counts n more, and tells whether that is not too many.
func (p *pace) allows(n int, now time.Time) bool {
	if now.Sub(p.since) >= time.Second {
		p.since, p.count = now, 0
	}
	p.count += n
	return p.count <= maxControls
}

// mostInflated is how many bytes a compressed message of a size may become, of limit.
func mostInflated(size, limit int) int {
	return min(limit, max(freeInflation, maxInflation*size))
}
