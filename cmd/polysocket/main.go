// Command polysocket is all of polysocket in one binary.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type cli struct {
	Dev dev `cmd:"" help:"Run router and relay in one process, for trying things out and for a single machine."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	var c cli
	k := kong.Parse(&c,
		kong.Name("polysocket"),
		kong.Description("Just use WebSockets: lets clients that have only plain HTTP talk to any WebSocket server."),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err := k.Run(); err != nil {
		k.Errorf("%s", err)
		os.Exit(1)
	}
}
