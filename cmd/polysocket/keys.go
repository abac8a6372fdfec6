package main

import (
	"context"
	"log/slog"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/auth/jwks"
	"github.com/polysocket/polysocket/internal/config"
)

// keyrings makes the policies of a router with keys.
type keyrings struct {
	log  *slog.Logger
	sets *jwks.Sets
	end  context.CancelFunc
}

func newKeyrings(log *slog.Logger) *keyrings {
	ctx, end := context.WithCancel(context.Background())
	return &keyrings{log: log, sets: jwks.New(ctx, jwks.Options{Log: log}), end: end}
}

// ring is the policy of these keys. The key sets that the one before had, and this one
// has not, are fetched no more.
func (k *keyrings) ring(keys config.Keyring) auth.Authorizer {
	ring, err := auth.NewKeys(keys, auth.KeysOptions{KeySet: k.sets.Set})
	if err != nil { // the configuration has been checked
		k.log.Error("the keys are not taken, and nobody is admitted", "error", err)
		ring, _ = auth.NewKeys(nil, auth.KeysOptions{})
	}
	var urls []string
	for _, key := range keys {
		if key.JWKSURL != "" {
			urls = append(urls, key.JWKSURL)
		}
	}
	k.sets.Keep(urls)
	return ring
}
