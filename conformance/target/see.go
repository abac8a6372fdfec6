package target

import (
	"strings"
	"time"
)

// Next returns the next message, part, close or end, and fails the test where none comes.
func (c *Conn) Next() Event {
	c.tb.Helper()
	return c.NextWithin(Patience)
}

// NextWithin is Next with a patience of one's own.
func (c *Conn) NextWithin(d time.Duration) Event {
	c.tb.Helper()
	e, ok := c.events.get(d)
	if !ok {
		c.tb.Fatalf("target: saw nothing more within %v", d)
	}
	return e
}

// Saw fails the test unless these are the next things that the target sees, each as Event.String writes it.
func (c *Conn) Saw(want ...string) {
	c.tb.Helper()
	for i, w := range want {
		e, ok := c.events.get(Patience)
		if !ok {
			c.tb.Fatalf("target: after %q, saw nothing within %v, want %q", want[:i], Patience, clip(w))
		}
		if got := e.String(); got != w {
			c.tb.Fatalf("target: after %q, saw %q, want %q", clips(want[:i]), clip(got), clip(w))
		}
	}
}

// Quiet fails the test where the target sees anything within d.
func (c *Conn) Quiet(d time.Duration) {
	c.tb.Helper()
	if e, ok := c.events.get(d); ok {
		c.tb.Fatalf("target: saw %q, want nothing", clip(e.String()))
	}
}

// Pong returns the next pong's data, false where none comes within d. Pings that came are passed over.
func (c *Conn) Pong(d time.Duration) (string, bool) {
	for {
		e, ok := c.pings.get(d)
		if !ok {
			return "", false
		}
		if e.Kind == KindPong {
			return string(e.Data), true
		}
	}
}

// Ended waits for the end of the TCP connection, passing over all else, and returns false where it does not come.
func (c *Conn) Ended(d time.Duration) bool {
	deadline := time.Now().Add(d)
	for {
		e, ok := c.events.get(time.Until(deadline))
		if !ok {
			return false
		}
		if e.Kind == KindEnd {
			return true
		}
	}
}

func clip(s string) string {
	if len(s) <= 120 {
		return s
	}
	return s[:60] + "…" + s[len(s)-40:]
}

func clips(s []string) string {
	out := make([]string, len(s))
	for i, s := range s {
		out[i] = clip(s)
	}
	return strings.Join(out, ", ")
}
