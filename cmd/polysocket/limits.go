package main

import (
	"fmt"
	"time"

	"github.com/polysocket/polysocket/internal/config"
)

// limits are the flags that every command with a relay has.
type limits struct {
	Grace         time.Duration `default:"${limits_grace}" help:"How long a socket lives without a request."`
	MessageLimit  config.Size   `default:"${limits_message}" placeholder:"SIZE" help:"The largest message, both ways (${default})."`
	BufferLimit   config.Size   `default:"${limits_buffer}" placeholder:"SIZE" help:"What may wait for a client, per socket (${default})."`
	Hold          time.Duration `default:"${limits_hold}" help:"How long a numbered send waits for its answer."`
	TargetTimeout time.Duration `default:"${timeouts_target}" help:"How long a target may take to open."`
	CloseTimeout  time.Duration `default:"${timeouts_close}" help:"How long a target may take to answer a close."`
}

func (l limits) validate() error {
	for flag, d := range map[string]time.Duration{
		"--grace": l.Grace, "--hold": l.Hold, "--target-timeout": l.TargetTimeout, "--close-timeout": l.CloseTimeout,
	} {
		if d <= 0 {
			return fmt.Errorf("%s is %v: give it a time above 0, as 10s", flag, d)
		}
	}
	return nil
}
