package main

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Who is refused for the Host finds the key in the log; and nobody fills the log.
func TestKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		own := known(func(host string) bool { return host == "ours" }, "router.host", slog.New(slog.NewTextHandler(&logged, nil)))
		if !own("ours") || logged.Len() > 0 {
			t.Errorf("ours is not ours, or it was logged: %s", logged.String())
		}
		for range 100 {
			if own("router.example" + strings.Repeat("x", 1000)) {
				t.Error("a stranger is ours")
			}
		}
		if got := logged.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "host=router.example") || !strings.Contains(got, "key=router.host") || len(got) > 500 {
			t.Errorf("it logged %s", got)
		}
		time.Sleep(strangersEvery)
		own("stranger")
		if got := strings.Count(logged.String(), "\n"); got != 2 {
			t.Errorf("it logged %d lines", got)
		}
	})
}
