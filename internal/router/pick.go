package router

import (
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/polysocket/polysocket/internal/bus"
)

// A candidate is a node with what its report cannot say yet. It is guarded by the
// picker's mutex.
type candidate struct {
	bus.Node
	own      int     // sockets of this router's choice since the report
	declined bool    // it has declined one since the report
	weight   float64 // how likely it is to be drawn: its capacity
}

// room tells whether the candidate takes another socket, as far as is known.
func (c *candidate) room() bool { return !c.declined && c.takes(c.own) }

// takes tells whether the node takes another socket after so many more than it has
// reported.
func (c *candidate) takes(more int) bool {
	return !c.Draining && (c.Capacity <= 0 || c.Load+more < c.Capacity)
}

// filling is how much of the candidate is taken: 1 is full.
func (c *candidate) filling() float64 { return float64(c.Load+c.own) / c.weight }

// A pool is candidates to draw from.
type pool struct {
	candidates []*candidate
	sums       []float64 // of the weights of candidates up to this one, itself included
}

// newPool makes a pool of those candidates that may have room before their next
// report.
func newPool(candidates []*candidate) pool {
	var p pool
	sum := 0.0
	for _, c := range candidates {
		if c.takes(0) {
			sum += c.weight
			p.candidates = append(p.candidates, c)
			p.sums = append(p.sums, sum)
		}
	}
	return p
}

// pick chooses the most available node: of two that are drawn by their capacity, the
// one that is less filled. So the fillings stay close together though reports are
// old, and a node that has just joined is asked for no more than twice its share.
// Nodes without room, and those in not, are never chosen. It is nil where no node is
// left.
func (p *pool) pick(random *rand.Rand, not []string) *candidate {
	a := p.draw(random, not)
	if a == nil {
		return nil
	}
	if b := p.draw(random, not); b.filling() < a.filling() {
		return b
	}
	return a
}

// drawTries is how often a candidate is drawn that has no room, until all are looked
// at.
const drawTries = 8

// draw draws a candidate with room, each as likely as it is large.
func (p *pool) draw(random *rand.Rand, not []string) *candidate {
	if len(p.sums) == 0 {
		return nil
	}
	for range drawTries {
		// The last sum itself, which rounding might reach, is the last candidate's.
		at := sort.SearchFloat64s(p.sums[:len(p.sums)-1], random.Float64()*p.sums[len(p.sums)-1])
		if c := p.candidates[at]; c.room() && !slices.Contains(not, c.ID) {
			return c
		}
	}
	var drawn *candidate
	sum := 0.0
	for _, c := range p.candidates {
		if !c.room() || slices.Contains(not, c.ID) {
			continue
		}
		if sum += c.weight; random.Float64()*sum < c.weight {
			drawn = c
		}
	}
	return drawn
}
