package jwks

import (
	"context"
	"crypto"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

const (
	// every is how long a set is taken for current.
	every = 5 * time.Minute
	// gap is how long Refetch leaves the server alone after the last fetch.
	gap = 30 * time.Second
	// firstRetry is the time to the first try after one that failed; it doubles up
	// to every.
	firstRetry = time.Second
)

// A set is fetched by one goroutine, which alone writes keys.
type set struct {
	url    string
	client *http.Client
	log    *slog.Logger
	end    context.CancelFunc

	wanted chan struct{} // asks the goroutine to fetch now; holds one

	mu      sync.Mutex
	keys    map[string][]crypto.PublicKey // by kid; guarded by mu, as all below
	fetched chan struct{}                 // closed when the fetch that is wanted or under way is over; nil: there is none
	last    time.Time                     // when the last fetch began
	ended   bool
}

func newSet(url string, client *http.Client, log *slog.Logger, end context.CancelFunc) *set {
	s := &set{url: url, client: client, log: log, end: end, wanted: make(chan struct{}, 1)}
	s.begin()
	return s
}

// Find implements auth.KeySet.
func (s *set) Find(kid string) []crypto.PublicKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[kid]
}

// Refetch implements auth.KeySet.
func (s *set) Refetch() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.fetched != nil:
		return s.fetched
	case s.ended || time.Since(s.last) < gap:
		over := make(chan struct{})
		close(over)
		return over
	}
	s.fetched = make(chan struct{})
	s.wanted <- struct{}{} // there is room: nothing was wanted
	return s.fetched
}

// run fetches until ctx ends.
func (s *set) run(ctx context.Context) {
	defer s.finish()
	retry, well := firstRetry, true
	for ctx.Err() == nil {
		s.begin()
		keys, err := fetch(ctx, s.client, s.url)
		s.over(keys, err)
		wait := every
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			wait, retry = retry, min(2*retry, every)
			if well {
				s.log.Warn("a key set could not be fetched: tokens of keys that are not known yet are refused", "url", s.url, "error", err)
			}
		default:
			retry = firstRetry
			if !well {
				s.log.Info("a key set could be fetched again", "url", s.url)
			}
		}
		well = err == nil
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.wanted:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// begin notes that a fetch is under way.
func (s *set) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	if s.fetched == nil {
		s.fetched = make(chan struct{})
	}
	select { // what was wanted meanwhile is done with this
	case <-s.wanted:
	default:
	}
}

// over takes over what was fetched, and wakes those who wait for it.
func (s *set) over(keys map[string][]crypto.PublicKey, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.keys = keys
	}
	close(s.fetched)
	s.fetched = nil
}

// finish lets nobody wait any more.
func (s *set) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.fetched != nil {
		close(s.fetched)
		s.fetched = nil
	}
}
