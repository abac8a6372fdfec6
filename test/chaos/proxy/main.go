// Command proxy passes TCP connections on to a server, through faults:
//
//	proxy --to 127.0.0.1:8080 [--listen 127.0.0.1:0] [--until-stdin-closes] FAULT…
//
// The first fault stands next to the client, the last next to the server. Its first line of output is "listening" and
// the address. It ends on SIGTERM and SIGINT, and with --until-stdin-closes when its standard input does. Each
// connection has its faults for itself:
//
//	refuse-upgrade       WebSocket handshakes are answered 403
//	hang-upgrade         they are not answered
//	kill-upgraded=300ms  a WebSocket breaks so long after its handshake
//	hold                 a response is held until it is complete
//	http10               the server is spoken to in HTTP/1.0, a connection a request; there is no Upgrade
//	delay=20ms           whatever comes in one piece is late, both ways
//	stall=5s             once, when 1000 bytes have come down, nothing moves for so long
//	slice=7              so many bytes at a time are passed on, both ways
//	cut-down=1000        it is closed after so many bytes from the server
//	cut-up=1000          or to it
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/polysocket/polysocket/test/chaos"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "proxy:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("proxy", flag.ContinueOnError)
	to := flags.String("to", "", "the `address` of the server; required")
	listen := flags.String("listen", "127.0.0.1:0", "the `address` to listen on")
	untilStdinCloses := flags.Bool("until-stdin-closes", false, "end when standard input does")
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "proxy --to ADDRESS [FLAGS] FAULT…\nfaults: %s\n", strings.Join(chaos.Words(), " "))
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *to == "" {
		return errors.New("--to is missing: give it the address of the server, as 127.0.0.1:8080")
	}
	var faults []chaos.Fault
	for _, word := range flags.Args() {
		fault, err := chaos.Parse(word)
		if err != nil {
			return err
		}
		faults = append(faults, fault)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	p, err := chaos.Listen(*listen, *to, faults...)
	if err != nil {
		return err
	}
	fmt.Println("listening", p.Addr())
	if *untilStdinCloses {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // however it ends
			stop()
		}()
	}
	<-ctx.Done()
	return p.Close()
}
