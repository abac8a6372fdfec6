// Command bench measures polysocket beside its peers, in one run: the direct
// WebSocket that it stands in for, and sockjs-go, which does the same job on the
// server it is built into. Creating through a router, Redis and a relay is measured
// beside the single process. Each server is a process of its own on loopback; the
// client is the same for all. It prints the table that RESULTS.md keeps, and
// ends by itself after a few minutes.
//
//	go run .          all of it
//	go run . -short   a tenth, to see that it works
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// timeLimit ends a run that hangs.
const timeLimit = 5 * time.Minute

// What is measured how often.
type sizes struct {
	trips   int // round trips, in each of rounds
	rounds  int
	idle    int // sockets
	creates int
}

func main() {
	serve := flag.String("serve", "", "be one of the servers that are measured (for bench itself)")
	short := flag.Bool("short", false, "a tenth of everything")
	flag.Parse()
	if err := run(*serve, *short); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(serve string, short bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	if serve != "" {
		return serveOne(ctx, serve)
	}
	n := sizes{trips: 200, rounds: 41, idle: 2000, creates: 3000}
	if short {
		n = sizes{trips: 100, rounds: 5, idle: 200, creates: 300}
	}
	fmt.Printf("%s %s/%s, %d cores, %s; %d-byte messages, %d round trips each, %d idle sockets each, %d creates each\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), versions(ctx), messageSize, n.trips*n.rounds, n.idle, n.creates)
	for _, table := range []func(context.Context, []*peer, sizes) error{roundTrips, creates, idle, parked} {
		if err := withPeers(ctx, n, table); err != nil {
			return err
		}
	}
	return routed(ctx, n)
}

// withPeers measures something with servers that have done nothing before.
func withPeers(ctx context.Context, n sizes, table func(context.Context, []*peer, sizes) error) error {
	peers, stop, err := startPeers(ctx)
	if err != nil {
		return err
	}
	defer stop()
	return table(ctx, peers, n)
}

// versions names what is measured besides polysocket.
func versions(ctx context.Context) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "versions unknown"
	}
	s := ""
	for _, m := range info.Deps {
		switch m.Path {
		case "github.com/coder/websocket":
			s += "coder/websocket " + m.Version + ", "
		case "github.com/igm/sockjs-go/v3":
			s += "sockjs-go " + m.Version + ", "
		}
	}
	return s + redisVersion(ctx)
}
