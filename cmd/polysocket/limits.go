package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// limits are the flags that every command with a relay has.
type limits struct {
	Grace         time.Duration `default:"30s" help:"How long a socket lives without a request."`
	MessageLimit  size          `default:"16MiB" placeholder:"SIZE" help:"The largest message, both ways (${default})."`
	BufferLimit   size          `default:"256KiB" placeholder:"SIZE" help:"What may wait for a client, per socket (${default})."`
	Hold          time.Duration `default:"10s" help:"How long a numbered send waits for its answer."`
	TargetTimeout time.Duration `default:"10s" help:"How long a target may take to open."`
	CloseTimeout  time.Duration `default:"10s" help:"How long a target may take to answer a close."`
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

// A size is a flag's number of bytes, written as 65536, 64KiB or 16MiB.
type size int

var units = []struct {
	suffix string
	bytes  float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *size) UnmarshalText(text []byte) error {
	number, unit := string(text), 1.0
	for _, u := range units {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, unit = rest, u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if n *= unit; err != nil || n < 1 || n > math.MaxInt32 || n != math.Trunc(n) {
		return fmt.Errorf("%q is not a size from 1 byte to 2 GiB: write 65536, 64KiB or 16MiB", text)
	}
	*s = size(n)
	return nil
}
