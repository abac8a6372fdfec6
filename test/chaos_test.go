package test

import (
	"flag"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polysocket/polysocket/test/chaos"
	"github.com/polysocket/polysocket/test/lossless"
)

var (
	chaosSeed     = flag.Uint64("chaos.seed", 0, "the `seed` of all that the chaos draws: messages, carriers, and faults; 0 draws one")
	chaosMessages = flag.Uint64("chaos.messages", 3000, "how many messages go each way in each run of the chaos")
	chaosCarrier  = flag.String("chaos.carrier", "", "only the chaos with this carrier")
)

// A carrier is what a client of the chaos sends and reads by.
type carrier struct {
	name string
	up   []lossless.Up
	down []lossless.Down
}

var carriers = []carrier{
	{"json", []lossless.Up{lossless.Batch}, []lossless.Down{lossless.Poll}},
	{"jsonp", []lossless.Up{lossless.Script}, []lossless.Down{lossless.ScriptPoll}},
	{"stream", []lossless.Up{lossless.Streamed}, []lossless.Down{lossless.Frames}},
	{"events", []lossless.Up{lossless.Single}, []lossless.Down{lossless.Events}},
	{"many", []lossless.Up{lossless.Form}, []lossless.Down{lossless.Many, lossless.ScriptMany}},
	{"many-stream", []lossless.Up{lossless.Batch}, []lossless.Down{lossless.ManyStream}},
	{
		"random",
		[]lossless.Up{lossless.Batch, lossless.Single, lossless.Form, lossless.Script, lossless.Streamed},
		[]lossless.Down{
			lossless.Poll, lossless.ScriptPoll, lossless.Frames, lossless.Events, lossless.Many, lossless.ScriptMany, lossless.ManyStream,
		},
	},
}

// Whatever is cut, delayed and sliced on the way, and whatever carrier there is: each message arrives once, in order,
// both ways.
func TestChaos(t *testing.T) {
	server := dev(t)
	seed := seedOfChaos()
	for _, c := range carriers {
		if *chaosCarrier != "" && *chaosCarrier != c.name {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var cuts atomic.Int64
			weather := chaos.NewRandom(seed, func(r *rand.Rand) chaos.Fault { return weather(r, &cuts) })
			p, err := chaos.Listen("127.0.0.1:0", strings.TrimPrefix(server.base, "http://"), weather)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			h := past{seed: seed, messages: *chaosMessages, carrier: c, base: "http://" + p.Addr(), transport: &http.Transport{}, strict: true}
			h.happen(t)
			t.Logf("%d cuts in %d connections", cuts.Load(), weather.Connections())
			server.Raceless()
		})
	}
}

func seedOfChaos() uint64 {
	if *chaosSeed != 0 {
		return *chaosSeed
	}
	return uint64(rand.Uint32())
}

// weather is what happens to one connection: it is cut somewhere, in pieces and late before. Some live long enough for
// any message.
func weather(r *rand.Rand, cuts *atomic.Int64) chaos.Fault {
	short, long := int64(1)<<r.IntN(16), int64(300_000)
	if r.IntN(4) == 0 {
		short = long
	}
	short += r.Int64N(short)
	long += r.Int64N(long)
	cut := chaos.Cut{Up: short, Down: long, Reset: r.IntN(2) == 0, Count: cuts}
	if r.IntN(2) == 0 {
		cut.Up, cut.Down = long, short
	}
	chain := chaos.Chain{cut}
	switch r.IntN(4) { // not both: each slice would be late
	case 0:
		chain = append(chain, chaos.Slice(1+r.Int64N(1+short/50)))
	case 1:
		chain = append(chain, chaos.Delay(time.Duration(r.IntN(10))*time.Millisecond))
	}
	r.Shuffle(len(chain), func(i, j int) { chain[i], chain[j] = chain[j], chain[i] })
	return chain
}
