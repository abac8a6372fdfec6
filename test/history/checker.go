package history

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/polysocket/polysocket/test/lossless"
)

// A Checker holds what arrives one way to what was planned.
type Checker struct {
	plan Plan

	mu       sync.Mutex
	arrived  uint64
	complete chan struct{}
}

// NewChecker expects all of a plan, in order.
func NewChecker(plan Plan) *Checker {
	return &Checker{plan: plan, complete: make(chan struct{})}
}

// Complete is closed when the last message has arrived.
func (c *Checker) Complete() <-chan struct{} { return c.complete }

// Arrived is how many messages have arrived.
func (c *Checker) Arrived() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.arrived
}

// Next takes the next message, and says what is wrong with it.
func (c *Checker) Next(m lossless.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.plan.judge(c.arrived+1, m); err != nil {
		return err
	}
	c.arrived++
	if c.arrived == c.plan.Count {
		close(c.complete)
	}
	return nil
}

// Numbered takes a message with its number. One that has arrived before must be the same again.
func (c *Checker) Numbered(n uint64, m lossless.Message) error {
	if n > c.Arrived() {
		return c.Next(m)
	}
	if err := c.plan.judge(n, m); err != nil {
		return fmt.Errorf("again: %w", err)
	}
	return nil
}

// Missing is an error unless all has arrived.
func (c *Checker) Missing() error {
	if n := c.Arrived(); n < c.plan.Count {
		return fmt.Errorf("%s: message %d is missing, and those behind it: it has ended", c.plan.Way, n+1)
	}
	return nil
}

// judge compares a message with that which has the number.
func (p Plan) judge(n uint64, got lossless.Message) error {
	if n > p.Count {
		return fmt.Errorf("%s: message %d arrived, and there are %d: it is %v", p.Way, n, p.Count, got)
	}
	want := p.Message(n)
	if same(got, want) {
		return nil
	}
	report := func(what string) error {
		return fmt.Errorf("%s: in place of message %d %s: got %v, want %v", p.Way, n, what, got, want)
	}
	for _, distance := range []uint64{1, 2, 3, 4, 5, 6, 7, 8} {
		// Empty ones are all the same, so they say nothing.
		if n > distance && len(got.Data) > 0 && same(got, p.Message(n-distance)) {
			return report(fmt.Sprintf("came message %d again", n-distance))
		}
		if n+distance <= p.Count && len(got.Data) > 0 && same(got, p.Message(n+distance)) {
			return report(fmt.Sprintf("came message %d: one is missing, or they are out of order", n+distance))
		}
	}
	switch {
	case bytes.Equal(got.Data, want.Data):
		return report("came one of another type")
	case len(got.Data) == len(want.Data):
		at := 0
		for got.Data[at] == want.Data[at] {
			at++
		}
		return report(fmt.Sprintf("came other bytes, from byte %d on", at))
	default:
		return report("came another")
	}
}

func same(a, b lossless.Message) bool { return a.Kind == b.Kind && bytes.Equal(a.Data, b.Data) }
