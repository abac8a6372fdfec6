package test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/polysocket/polysocket/test/history"
	"github.com/polysocket/polysocket/test/lossless"
)

// A past is a history that is to happen: messages each way over one socket.
type past struct {
	seed, messages uint64
	carrier
	base      string
	transport *http.Transport
	strict    bool
	alter     func(history.Way, []lossless.Message) []lossless.Message
	between   func(http.RoundTripper) http.RoundTripper
}

// happen has it happen, and fails the test where it went wrong.
func (h past) happen(t *testing.T) {
	t.Helper()
	began := time.Now()
	stats, err := h.outcome(t.Context())
	t.Logf("%s: %v; %v; seed %d", h.name, stats, time.Since(began).Round(time.Millisecond), h.seed)
	if err != nil {
		t.Errorf("%v\nagain: go test ./test -run '%s' -chaos.seed=%d -chaos.messages=%d", err, t.Name(), h.seed, h.messages)
	}
}

// outcome has it happen.
func (h past) outcome(ctx context.Context) (lossless.Stats, error) {
	defer h.transport.CloseIdleConnections()
	r := rand.New(rand.NewPCG(h.seed, 4))
	up := history.Plan{Seed: h.seed, Way: history.Up, Count: h.messages}
	down := history.Plan{Seed: h.seed, Way: history.Down, Count: h.messages}
	targetCloses := r.IntN(2) == 0
	target := history.NewTarget(history.TargetOptions{Up: up, Down: down, Flood: r.IntN(2) == 0, Closes: targetCloses, Alter: h.alter})
	defer target.Close()
	checker := history.NewChecker(down)
	end := lossless.Message{Kind: lossless.Close, Code: 1000, Reason: "done", Clean: true}
	if targetCloses {
		end.Code, end.Reason = 4001, "that was all"
	}
	client := &http.Client{Transport: h.transport}
	if h.between != nil {
		client.Transport = h.between(h.transport)
	}
	sent := uint64(0)
	stats, err := lossless.Run(ctx, lossless.Options{
		Base: h.base, Target: target.URL(), HTTP: client, Seed: h.seed, Up: h.up, Down: h.down, Strict: h.strict, Patience: patience,
		Next: func(ctx context.Context) (lossless.Message, bool) {
			sent++
			switch {
			case sent <= up.Count:
				return up.Message(sent), true
			case sent > up.Count+1 || targetCloses:
				return lossless.Message{}, false
			}
			select {
			case <-checker.Complete():
			case <-ctx.Done():
			}
			return end, true
		},
		Arrived: func(n uint64, m lossless.Message) error {
			if m.Kind != lossless.Close {
				return checker.Numbered(n, m)
			}
			if n != down.Count+1 || m.Code != end.Code || m.Reason != end.Reason || m.Clean != end.Clean {
				return fmt.Errorf("down: message %d is %v, want %v at the end", n, m, end)
			}
			return checker.Missing()
		},
	})
	if err != nil {
		target.Close()
		if wrong := target.Wait(ctx); wrong != nil {
			err = fmt.Errorf("%w\nthe target says: %w", err, wrong)
		}
		return stats, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return stats, target.Wait(ctx)
}
