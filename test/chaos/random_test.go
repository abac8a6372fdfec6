package chaos

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// A noted fault notes what was drawn for it.
type noted struct {
	n  int
	to *[]int
}

func (n noted) Serve(context.Context, Conn, Dial) { *n.to = append(*n.to, n.n) }

// The same seed is the same faults, and another has others.
func TestRandom(t *testing.T) {
	drawn := func(seed uint64) (list []int) {
		r := NewRandom(seed, func(r *rand.Rand) Fault { return noted{r.IntN(1000), &list} })
		for range 20 {
			r.Serve(t.Context(), nil, nil)
		}
		if r.Connections() != 20 {
			t.Errorf("%d connections", r.Connections())
		}
		return list
	}
	if !slices.Equal(drawn(1), drawn(1)) {
		t.Error("the same seed draws others")
	}
	if slices.Equal(drawn(1), drawn(2)) {
		t.Error("another seed draws the same")
	}
}
