package router

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// perSecond is how many creates a second a simulation has.
const perSecond = 10_000

// A simulation is relays that report once a second, and routers, each with its own
// picker, that hear a report when it is a second old, and so choose by what is one to
// two seconds old.
type simulation struct {
	*testing.T
	random  *rand.Rand
	relays  []bus.Node // as they are
	reports []bus.Node // as they were at the last report
	routers []*picker
	second  int
	refused int // asked beyond their capacity
}

func simulate(t *testing.T, seed uint64, relays []bus.Node) *simulation {
	s := &simulation{T: t, random: rand.New(rand.NewPCG(seed, 0))}
	for _, n := range relays {
		s.join(n)
	}
	for i := range 10 {
		s.routers = append(s.routers, newPicker(rand.New(rand.NewPCG(seed, uint64(i+1))), ""))
	}
	s.report()
	return s
}

func (s *simulation) join(n bus.Node) {
	n.ID = fmt.Sprint(len(s.relays))
	s.relays = append(s.relays, n)
}

// report has the routers hear the last report of each relay, and the relays make
// another.
func (s *simulation) report() {
	s.second++
	for _, p := range s.routers {
		p.list(s.reports, time.Time{}.Add(time.Duration(s.second)*time.Second))
	}
	for i := range s.relays {
		s.relays[i].Report++
	}
	s.reports = append(s.reports[:0], s.relays...)
}

// run lets a second pass, and is how many sockets each relay has got in it.
func (s *simulation) run() []int {
	index := make(map[string]int, len(s.relays))
	for i, n := range s.relays {
		index[n.ID] = i
	}
	got := make([]int, len(s.relays))
	for range perSecond {
		p := s.routers[s.random.IntN(len(s.routers))]
		var declined []string
		for {
			c, ok := p.pick(declined)
			if !ok {
				break
			}
			if c.Load+c.candidate.own > c.Capacity { // this one is counted in
				s.Fatalf("a relay of %d is asked for its %dth socket, as the router sees it", c.Capacity, c.Load+c.candidate.own)
			}
			if n := &s.relays[index[c.ID]]; n.Load < n.Capacity {
				n.Load++
				got[index[c.ID]]++
				break
			}
			s.refused++
			p.failed(c, true)
			declined = append(declined, c.ID)
		}
	}
	s.report()
	return got
}

// many are relays of three sizes, filled so far.
func many(filling float64) []bus.Node {
	var relays []bus.Node
	for _, size := range []struct{ capacity, n int }{{1000, 250}, {4000, 200}, {20_000, 50}} {
		for range size.n {
			relays = append(relays, bus.Node{Capacity: size.capacity, Load: int(filling * float64(size.capacity))})
		}
	}
	return relays
}

// fillings are that of the fullest, and of all.
func (s *simulation) fillings() (fullest, mean float64) {
	load, capacity := 0, 0
	for _, n := range s.relays {
		load += n.Load
		capacity += n.Capacity
		fullest = max(fullest, float64(n.Load)/float64(n.Capacity))
	}
	return fullest, float64(load) / float64(capacity)
}

// A million sockets, and then none ends: the fillings are close together.
func TestSimulation(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := simulate(t, seed, many(0))
			s.run() // the routers have heard of nobody yet
			for range 1_000_000 / perSecond {
				s.run()
			}
			fullest, mean := s.fillings()
			t.Logf("the fullest is filled %.4f, %.4f times the mean of %.4f", fullest, fullest/mean, mean)
			if fullest > 1.08*mean {
				t.Errorf("the fullest is filled %.4f times the mean", fullest/mean)
			}
			if s.refused > 0 {
				t.Errorf("%d creates were refused, with room everywhere", s.refused)
			}
		})
	}
}

// A relay that joins empty where the others are filled to 70 % is asked for about
// twice its share in each second, and no more.
func TestSimulationJoin(t *testing.T) {
	const seconds = 20
	for _, capacity := range []int{1000, 4000, 20_000} {
		s := simulate(t, uint64(capacity), many(0.7))
		s.report()
		s.join(bus.Node{Capacity: capacity})
		s.report() // and the routers hear of it in the next
		total := 0
		for _, n := range s.relays {
			total += n.Capacity
		}
		share := perSecond * float64(capacity) / float64(total)
		most := 0
		for range seconds {
			got := s.run()[len(s.relays)-1]
			most = max(most, got)
			if float64(got) > 2*share+5*math.Sqrt(2*share) {
				t.Errorf("capacity %d: it is asked for %d sockets in a second, and its share is %.0f", capacity, got, share)
			}
		}
		holds := s.relays[len(s.relays)-1].Load
		t.Logf("capacity %d: at most %d in a second, its share is %.0f; it holds %d", capacity, most, share, holds)
		if float64(holds) < 1.7*seconds*share {
			t.Errorf("capacity %d: it holds %d sockets, and its share was %.0f", capacity, holds, seconds*share)
		}
	}
}

// When all get full, nothing is lost: each relay takes what it can, and no more.
func TestSimulationFull(t *testing.T) {
	s := simulate(t, 1, many(0.98))
	s.report()
	capacity, before := 0, 0
	for _, n := range s.relays {
		capacity += n.Capacity
		before += n.Load
	}
	taken := 0
	for range 8 {
		for _, got := range s.run() {
			taken += got
		}
	}
	if _, mean := s.fillings(); mean != 1 || taken != capacity-before {
		t.Errorf("%d were taken of the %d that there was room for", taken, capacity-before)
	}
	t.Logf("%d were asked for beyond a capacity, of %d", s.refused, 8*perSecond)
}
