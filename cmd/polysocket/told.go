package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// untilTold ends when the process is told to end. A second signal ends the process
// at once, as if nobody had asked for signals.
func untilTold() context.Context {
	ctx, tell := context.WithCancel(context.Background())
	// One channel takes both: were the first to give the signals back, a second that
	// comes in that moment would be nobody's.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-signals
		tell()
		second := <-signals
		signal.Reset(syscall.SIGINT, syscall.SIGTERM)
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Signal(second)
		}
		if err != nil { // a system without signals
			os.Exit(1)
		}
	}()
	return ctx
}
