package session

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Longer runs of the state machines than rapid's own 30 steps; the command
	// line still has the last word.
	if err := flag.Set("rapid.steps", "60"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
