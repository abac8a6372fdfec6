package router

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// listEvery is for how long a list of nodes is good. It is much less than the time
// between two reports of a node, and much more than that between two creates.
const listEvery = 100 * time.Millisecond

// A picker knows the nodes, and how many sockets this router has sent to each since
// its report. Make it with newPicker.
type picker struct {
	mu        sync.Mutex
	random    *rand.Rand
	zone      string
	listed    time.Time // when the nodes were; zero: they are to be
	known     map[string]*candidate
	near, far pool // near is the own zone's, and empty without one
}

func newPicker(random *rand.Rand, zone string) *picker { return &picker{random: random, zone: zone} }

// A choice is a node that was picked, as it was then.
type choice struct {
	bus.Node
	candidate *candidate
}

// setZone moves the router to another zone.
func (p *picker) setZone(zone string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.zone, p.listed = zone, time.Time{}
}

// due tells whether the nodes are to be listed anew.
func (p *picker) due(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Sub(p.listed) >= listEvery
}

// list takes what the bus says of the nodes. What was counted since a node's report
// begins anew with a newer one; a node that is not listed is forgotten.
func (p *picker) list(nodes []bus.Node, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listed = now
	known := make(map[string]*candidate, len(nodes))
	most := 1
	for _, n := range nodes {
		c := p.known[n.ID]
		switch {
		case c == nil:
			c = &candidate{Node: n}
		case n.Report > c.Report:
			c.Node, c.own, c.declined = n, 0, false
		case n.Report == c.Report:
			c.Node = n
		}
		known[n.ID] = c
		most = max(most, c.Capacity)
	}
	p.known = known

	var near, far []*candidate
	for _, n := range nodes {
		c := known[n.ID]
		c.weight = float64(c.Capacity)
		if c.Capacity <= 0 { // no bound: as the largest of the others
			c.weight = float64(most)
		}
		if p.zone != "" && c.Zone == p.zone {
			near = append(near, c)
		} else {
			far = append(far, c)
		}
	}
	p.near, p.far = newPool(near), newPool(far)
}

// pick chooses a node, of the own zone where that has room, that is not in not, and
// counts the choice. It is false where no node has room.
func (p *picker) pick(not []string) (choice, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.near.pick(p.random, not)
	if c == nil {
		c = p.far.pick(p.random, not)
	}
	if c == nil {
		return choice{}, false
	}
	c.own++
	return choice{c.Node, c}, true
}

// failed takes back a choice of which no socket has come. A node that has declined
// is not picked again before its next report.
func (p *picker) failed(c choice, declined bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.candidate.Report == c.Report { // else it is not counted any more
		c.candidate.own--
	}
	c.candidate.declined = c.candidate.declined || declined
}
