package history

import (
	"bytes"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/test/lossless"
)

// What is right passes, and nothing else does.
func TestChecker(t *testing.T) {
	plan := Plan{Seed: 1, Way: Down, Count: 10}
	all := func() (list []lossless.Message) {
		for n := range plan.Count {
			list = append(list, plan.Message(n+1))
		}
		return list
	}
	check := func(messages []lossless.Message) error {
		c := NewChecker(plan)
		for _, m := range messages {
			if err := c.Next(m); err != nil {
				return err
			}
		}
		return c.Missing()
	}
	if err := check(all()); err != nil {
		t.Fatal(err)
	}
	for want, messages := range map[string][]lossless.Message{
		"in place of message 5 came message 4 again":       append(all()[:4], all()[3:]...),
		"in place of message 4 came message 5: one is":     append(all()[:3], all()[4:]...),
		"message 9 is missing, and those behind it":        all()[:8],
		"message 11 arrived, and there are 10":             append(all(), all()[0]),
		"in place of message 3 came other bytes, from byt": altered(all(), 3, func(m *lossless.Message) { m.Data[len(m.Data)-1] ^= 1 }),
		"in place of message 2 came one of another type":   altered(all(), 2, func(m *lossless.Message) { m.Kind = lossless.Text + lossless.Binary - m.Kind }),
		"in place of message 6 came another":               altered(all(), 6, func(m *lossless.Message) { m.Data = m.Data[1:] }),
		"in place of message 7 came another: got b 0":      altered(all(), 7, func(m *lossless.Message) { *m = lossless.Message{Kind: lossless.Binary} }),
	} {
		if err := check(messages); err == nil || !strings.Contains(err.Error(), "down: "+want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func altered(messages []lossless.Message, n int, alter func(*lossless.Message)) []lossless.Message {
	alter(&messages[n-1])
	return messages
}

// A number that comes again has the same message, and one that is too high is out of order.
func TestNumbered(t *testing.T) {
	plan := Plan{Seed: 1, Way: Down, Count: 10}
	c := NewChecker(plan)
	for _, n := range []uint64{1, 2, 1, 2, 3, 1} {
		if err := c.Numbered(n, plan.Message(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Numbered(2, plan.Message(3)); err == nil || !strings.Contains(err.Error(), "again: down: in place of message 2 came message 3") {
		t.Errorf("got %v", err)
	}
	if err := c.Numbered(5, plan.Message(5)); err == nil || !strings.Contains(err.Error(), "one is missing") {
		t.Errorf("got %v", err)
	}
}

// Plans are a function of their seed, and have some of every sort.
func TestPlan(t *testing.T) {
	one, other := Plan{Seed: 1, Way: Up, Count: 2000}, Plan{Seed: 2, Way: Up, Count: 2000}
	empty, large, text, differ := 0, 0, 0, 0
	for n := range one.Count {
		m := one.Message(n + 1)
		if !same(m, one.Message(n+1)) {
			t.Fatalf("message %d is not what it was", n+1)
		}
		if !same(m, other.Message(n+1)) {
			differ++
		}
		switch {
		case len(m.Data) == 0:
			empty++
		case len(m.Data) >= 100_000:
			large++
		}
		if m.Kind == lossless.Text {
			text++
			if !bytes.Equal(m.Data, bytes.ToValidUTF8(m.Data, nil)) {
				t.Fatalf("message %d is no UTF-8", n+1)
			}
		}
	}
	if empty == 0 || large == 0 || text < 500 || text > 1500 || differ < 1000 {
		t.Errorf("%d are empty, %d large, %d text, and %d differ with another seed", empty, large, text, differ)
	}
}
