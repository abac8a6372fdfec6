// Command polysocket is all of polysocket in one binary.
package main

import (
	"context"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/polysocket/polysocket/internal/config"
)

type cli struct {
	Dev    dev          `cmd:"" help:"Run router and relay in one process, for trying things out and for a single machine."`
	Router routerFlags  `cmd:"" help:"Run a router, which admits sockets and has relays open them."`
	Relay  relayFlags   `cmd:"" help:"Run a relay, which holds sockets."`
	Config configs      `cmd:"" help:"Look at the configuration of routers and relays."`
	Keys   keysCommands `cmd:"" help:"Keep keys in Redis, beside those of the configuration, and revoke them."`
	Token  tokenCommand `cmd:"" help:"Print a token."`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	ctx := untilTold()
	var c cli
	k := kong.Parse(&c, append(options(), kong.BindTo(ctx, (*context.Context)(nil)))...)
	if err := k.Run(); err != nil {
		k.Errorf("%s", err)
		os.Exit(1)
	}
}

// options are what kong reads the flags with. Defaults in their texts are those of
// the configuration: ${limits_grace}.
func options() []kong.Option {
	vars := kong.Vars{"version": versionLine()}
	for _, k := range config.Keys() {
		vars[strings.ReplaceAll(k.Path, ".", "_")] = k.Default
	}
	return []kong.Option{
		kong.Name("polysocket"),
		kong.Description("Just use WebSockets: lets clients that have only plain HTTP talk to any WebSocket server."),
		vars,
	}
}
