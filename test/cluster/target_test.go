package cluster

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/polysocket/polysocket/test/history"
	"github.com/polysocket/polysocket/test/lossless"
	"github.com/polysocket/polysocket/test/process"
)

// A target is a WebSocket server that callers open sockets to, and what is known of what it sends.
type target struct {
	url string
	// up and down are the messages with a number. down is up where what goes up comes back.
	up, down func(n uint64) lossless.Message
	// echoes says that what goes up comes back, message by message.
	echoes bool
	// ended judges how it has ended for the target, where that is known, by what the client has seen.
	ended func(ctx context.Context, s lossless.Stats, arrived uint64, code int) error
	stop  func()
}

// forever is more messages than any caller has.
const forever = 20_000

// A targets makes the targets of callers, each for one socket.
type targets func(seed uint64) target

// ws starts npm's ws, which sends back what it gets.
func ws(t *testing.T, flags ...string) (targets, *process.Process) {
	t.Helper()
	p := process.Start(t, "node", append([]string{"../targets/echo.mjs"}, flags...)...)
	url := "ws://" + p.Line("listening ")
	return func(seed uint64) target {
		plan := history.Plan{Seed: seed, Way: history.Up, Count: forever}
		return target{url: url, up: plan.Message, down: plan.Message, echoes: true, ended: unknown, stop: func() {}}
	}, p
}

// websocketd starts Debian's websocketd, for which a message is a line.
func websocketd(t *testing.T) targets {
	t.Helper()
	addr := process.FreeAddr(t)
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	process.Start(t, "websocketd", "--address="+host, "--port="+port, "cat").Listens(addr)
	line := func(n uint64) lossless.Message {
		return lossless.Message{Kind: lossless.Text, Data: fmt.Appendf(nil, "line %d", n)}
	}
	return func(uint64) target {
		return target{url: "ws://" + addr + "/", up: line, down: line, echoes: true, ended: unknown, stop: func() {}}
	}
}

func unknown(context.Context, lossless.Stats, uint64, int) error { return nil }

// talkative is a target of which is known what has arrived, and what it has sent: some messages for some that come up.
func talkative(seed uint64) target {
	up := history.Plan{Seed: seed, Way: history.Up, Count: forever}
	down := history.Plan{Seed: seed, Way: history.Down, Count: forever}
	server := history.NewTarget(history.TargetOptions{Up: up, Down: down, Open: true})
	return target{
		url: server.URL(), up: up.Message, down: down.Message, stop: server.Close,
		ended: func(ctx context.Context, s lossless.Stats, arrived uint64, code int) error {
			endings, err := server.Endings(ctx)
			if err != nil {
				return err
			}
			if len(endings) != 1 {
				return fmt.Errorf("the target has %d connections", len(endings))
			}
			e := endings[0]
			atTarget := map[int]int{1000: 1000, 1012: 1001, 1006: -1}[code]
			switch {
			case e.Err != nil:
				return e.Err
			case e.Arrived < uint64(s.Passed):
				return fmt.Errorf("%d messages were answered 201, and %d have arrived at the target", s.Passed, e.Arrived)
			case code != 1006 && e.Sent != arrived:
				return fmt.Errorf("the target sent %d messages before its close, and %d came", e.Sent, arrived)
			case e.Code != atTarget:
				return fmt.Errorf("the client's close is %d, and the target got %d, want %d", code, e.Code, atTarget)
			}
			return nil
		},
	}
}
