package main

import (
	"context"
	"sync"

	"github.com/polysocket/polysocket/internal/auth/jwks"
	"github.com/polysocket/polysocket/internal/config"
	"github.com/polysocket/polysocket/internal/keyring"
)

// A keeper keeps the keyring of a router with keys, until end.
type keeper struct {
	*keyring.Keyring
	stop context.CancelFunc
	done sync.WaitGroup
}

func newKeeper(p *process) (*keeper, error) {
	ctx, stop := context.WithCancel(context.Background())
	ring, err := keyring.New(keyring.Options{Bus: p.bus, Sets: jwks.New(ctx, jwks.Options{Log: p.log}), Log: p.log}, p.config.Keys)
	if err != nil {
		stop()
		return nil, err
	}
	k := &keeper{Keyring: ring, stop: stop}
	k.done.Go(func() { ring.Run(ctx) })
	return k, nil
}

// swap has the keys of another configuration hold.
func (k *keeper) swap(p *process, keys config.Keyring) {
	if err := k.Apply(keys); err != nil { // the configuration has been checked
		p.log.Error("the keys are not taken, and those before hold", "error", err)
	}
}

func (k *keeper) end() {
	k.stop()
	k.done.Wait()
}
