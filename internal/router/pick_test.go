package router

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// newTestPicker lists the nodes, which have their place as ID where they have none.
func newTestPicker(seed uint64, zone string, nodes ...bus.Node) *picker {
	p := newPicker(rand.New(rand.NewPCG(seed, 1)), zone)
	for i := range nodes {
		if nodes[i].ID == "" {
			nodes[i].ID = fmt.Sprint(i)
		}
	}
	p.list(nodes, time.Time{}.Add(time.Hour))
	return p
}

// picks are how many of n choices went where, without the choices being counted by
// the picker.
func picks(p *picker, n int, not ...string) map[string]int {
	where := make(map[string]int)
	for range n {
		c, ok := p.pick(not)
		if !ok {
			where["none"]++
			continue
		}
		p.failed(c, false)
		where[c.ID]++
	}
	return where
}

func near(t *testing.T, what string, got, want int) {
	t.Helper()
	if off := math.Abs(float64(got - want)); off > 5*math.Sqrt(float64(want))+1 {
		t.Errorf("%s: %d, want about %d", what, got, want)
	}
}

func TestPickNever(t *testing.T) {
	room := bus.Node{ID: "room", Load: 999, Capacity: 1000}
	for name, bad := range map[string]bus.Node{
		"draining":              {ID: "bad", Capacity: 1000, Draining: true},
		"draining, unbounded":   {ID: "bad", Draining: true},
		"full":                  {ID: "bad", Load: 1000, Capacity: 1000},
		"over its capacity":     {ID: "bad", Load: 1001, Capacity: 1000},
		"full, and much larger": {ID: "bad", Load: 1 << 30, Capacity: 1 << 30},
	} {
		p := newTestPicker(1, "", room, bad)
		if got := picks(p, 1000); got["room"] != 1000 {
			t.Errorf("%s: %v", name, got)
		}
		if got := picks(p, 10, "room"); got["none"] != 10 {
			t.Errorf("%s, and the other declines: %v", name, got)
		}
	}
	if got := picks(newTestPicker(1, ""), 3); got["none"] != 3 {
		t.Errorf("no nodes: %v", got)
	}
}

// Of two that are drawn by their capacity the less filled is chosen.
func TestPickTwo(t *testing.T) {
	const n = 40_000
	for _, test := range []struct {
		name  string
		nodes []bus.Node
		want  []float64
	}{
		{"alike", []bus.Node{{Capacity: 100}, {Capacity: 100}}, []float64{0.5, 0.5}},
		{"one is fuller", []bus.Node{{Capacity: 100, Load: 50}, {Capacity: 100, Load: 49}}, []float64{0.25, 0.75}},
		{"by filling and not by load", []bus.Node{{Capacity: 100, Load: 50}, {Capacity: 300, Load: 100}}, []float64{1. / 16, 15. / 16}},
		{"one is empty", []bus.Node{{Capacity: 100, Load: 70}, {Capacity: 300, Load: 210}, {Capacity: 100}}, []float64{0.64 * .25, 0.64 * .75, 0.36}},
		{"without bounds", []bus.Node{{Load: 9}, {Load: 8}, {Load: 7}, {Load: 6}}, []float64{1. / 16, 3. / 16, 5. / 16, 7. / 16}},
		{"without a bound beside others", []bus.Node{{Capacity: 100, Load: 1}, {Capacity: 300, Load: 3}, {Load: 4}}, []float64{40. / 49, 0, 9. / 49}},
	} {
		got := picks(newTestPicker(2, "", test.nodes...), n)
		if test.name == "without a bound beside others" { // the others are filled alike
			got["0"] += got["1"]
			got["1"] = 0
		}
		for i, share := range test.want {
			near(t, fmt.Sprintf("%s: node %d", test.name, i), got[fmt.Sprint(i)], int(share*n))
		}
	}
}

// A single process has one node without a bound, whose load is no matter.
func TestPickUnbounded(t *testing.T) {
	p := newTestPicker(3, "", bus.Node{ID: "only", Load: 5})
	for range 100_000 {
		if c, ok := p.pick(nil); !ok || c.ID != "only" {
			t.Fatal("the only node is not picked")
		}
	}
}

func TestPickZone(t *testing.T) {
	nodes := []bus.Node{
		{ID: "near", Zone: "eu-1", Capacity: 10, Load: 7}, {ID: "far", Zone: "eu-2", Capacity: 1000}, {ID: "nowhere", Capacity: 1000},
	}
	p := newTestPicker(4, "eu-1", nodes...)
	if got := picks(p, 1000); got["near"] != 1000 {
		t.Errorf("there is room in the zone: %v", got)
	}
	for i := range 3 { // these are counted
		if c, ok := p.pick(nil); !ok || c.ID != "near" {
			t.Errorf("%d: %v", i, c)
		}
	}
	if got := picks(p, 1000); got["near"] != 0 || got["far"] == 0 || got["nowhere"] == 0 {
		t.Errorf("its own choices have filled the zone: %v", got)
	}
	if got := picks(newTestPicker(4, "eu-1", nodes...), 1000, "near"); got["near"] != 0 || got["far"] == 0 {
		t.Errorf("the zone has declined: %v", got)
	}
	for _, zone := range []string{"", "eu-3"} {
		if got := picks(newTestPicker(4, zone, nodes...), 10_000); got["near"] == 10_000 || got["far"] == 0 || got["nowhere"] == 0 {
			t.Errorf("of the zone %q: %v", zone, got)
		}
	}
	p.setZone("eu-2")
	p.list(nodes, time.Now())
	if got := picks(p, 1000); got["far"] != 1000 {
		t.Errorf("moved to another zone: %v", got)
	}
}

// What has been chosen since a node's report counts as if it were reported.
func TestPickOwn(t *testing.T) {
	nodes := []bus.Node{{ID: "a", Capacity: 10, Load: 4, Report: 7}, {ID: "b", Capacity: 10, Draining: true, Report: 7}}
	p := newTestPicker(5, "", nodes...)
	var choices []choice
	for range 6 {
		c, ok := p.pick(nil)
		if !ok {
			t.Fatal("it is not full")
		}
		choices = append(choices, c)
	}
	full := func(when string) {
		t.Helper()
		if _, ok := p.pick(nil); ok {
			t.Errorf("%s: it is picked over its capacity", when)
		}
	}
	full("its own choices fill it")
	p.list(nodes, time.Now())
	full("the same report again")
	p.failed(choices[0], false)
	p.failed(choices[1], false)
	for range 2 {
		if _, ok := p.pick(nil); !ok {
			t.Error("a choice that failed still counts")
		}
	}
	full("two of which failed")

	nodes[0].Report, nodes[0].Load = 8, 8
	p.list(nodes, time.Now())
	p.failed(choices[2], false) // of the report before: it counts no more as it is
	for range 2 {
		if _, ok := p.pick(nil); !ok {
			t.Error("a newer report is not believed")
		}
	}
	full("after a newer report")
	older := []bus.Node{{ID: "a", Capacity: 10, Load: 0, Report: 7}}
	p.list(older, time.Now())
	full("an older report that comes late")

	p.list(nil, time.Now())
	full("it is gone")
	p.list(nodes, time.Now())
	if _, ok := p.pick(nil); !ok {
		t.Error("what was chosen of a node that was gone is not forgotten")
	}
}

// Who has declined is not asked again until it says something new.
func TestPickDeclined(t *testing.T) {
	nodes := []bus.Node{{ID: "a", Report: 1}, {ID: "b", Report: 1}}
	p := newTestPicker(6, "", nodes...)
	for {
		c, ok := p.pick(nil)
		if !ok {
			t.Fatal("nobody is left")
		}
		if p.failed(c, c.ID == "a"); c.ID == "a" {
			break
		}
	}
	if got := picks(p, 1000); got["b"] != 1000 {
		t.Errorf("a has declined: %v", got)
	}
	nodes[1].Report = 2
	p.list(nodes, time.Now())
	if got := picks(p, 1000); got["b"] != 1000 {
		t.Errorf("a has declined, and b says something new: %v", got)
	}
	nodes[0].Report = 2
	p.list(nodes, time.Now())
	if got := picks(p, 1000); got["a"] == 0 || got["b"] == 0 {
		t.Errorf("a is there again: %v", got)
	}
}

// Where all but one of many have become full since they were listed, that is found.
func TestPickLast(t *testing.T) {
	var nodes []bus.Node
	for range 500 {
		nodes = append(nodes, bus.Node{Capacity: 1})
	}
	p := newTestPicker(7, "", nodes...)
	seen := make(map[string]bool)
	for range nodes {
		c, ok := p.pick(nil)
		if !ok || seen[c.ID] {
			t.Fatalf("after %d: %v, %v", len(seen), c.ID, ok)
		}
		seen[c.ID] = true
	}
	if c, ok := p.pick(nil); ok {
		t.Errorf("%v is picked, and all are full", c.ID)
	}
}

func BenchmarkPick(b *testing.B) {
	var nodes []bus.Node
	for range 500 {
		nodes = append(nodes, bus.Node{Capacity: 20_000, Load: 10_000})
	}
	p := newPicker(rand.New(rand.NewPCG(1, 1)), "")
	for i := range nodes {
		nodes[i].ID = fmt.Sprint(i)
	}
	now := time.Now()
	p.list(nodes, now)
	b.Run("pick", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.due(now)
			c, _ := p.pick(nil)
			p.failed(c, false)
		}
	})
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			p.list(nodes, now)
		}
	})
}
