// Package jwks keeps JSON Web Key Sets (RFC 7517) that others publish: fetched in
// the background, and again from time to time.
package jwks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
)

// Options are what sets are fetched with.
type Options struct {
	// RootCAs are whom to trust for https; nil: the system's.
	RootCAs *x509.CertPool
	// Log hears when a set cannot be fetched, when it can again, and which of its
	// keys cannot be used.
	Log *slog.Logger
}

// Sets are the key sets in use, by their URLs. They outlive the keyrings that use
// them, so that a new keyring does not begin without keys.
type Sets struct {
	ctx    context.Context
	log    *slog.Logger
	client *http.Client

	mu    sync.Mutex
	byURL map[string]*set // guarded by mu
}

// timeout is for all of one fetch.
const timeout = 10 * time.Second

// New makes sets, of which each has a goroutine that ends with ctx.
func New(ctx context.Context, o Options) *Sets {
	return &Sets{
		ctx: ctx, log: o.Log, byURL: map[string]*set{},
		client: &http.Client{
			// No proxy, no redirect, nothing kept: the URL is the operator's, and what
			// comes from there makes tokens.
			Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Timeout:       timeout,
		},
	}
}

// Set gives the set of a URL. A new one is empty, and is fetched from now on; it
// does not matter whether that succeeds yet.
func (s *Sets) Set(url string) auth.KeySet {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.byURL[url]; old != nil {
		return old
	}
	ctx, end := context.WithCancel(s.ctx)
	one := newSet(url, s.client, s.log, end)
	s.byURL[url] = one
	go one.run(ctx)
	return one
}

// Keep ends all sets but those of the URLs, when a new keyring has taken the old
// one's place. Who still has a set that has ended finds in it what was there.
func (s *Sets) Keep(urls []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for url, one := range s.byURL {
		if !slices.Contains(urls, url) {
			one.end()
			delete(s.byURL, url)
		}
	}
}
