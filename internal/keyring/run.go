package keyring

import (
	"context"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// The numbers of reading.
const (
	readEvery   = 3 * time.Second        // should nobody have said that a key was changed
	tellEvery   = time.Second            // how often it is looked which relays there are
	readGap     = 100 * time.Millisecond // between two readings, however often somebody says so
	readTimeout = 5 * time.Second
)

// Run keeps the keyring as the bus has it, until ctx ends.
func (k *Keyring) Run(ctx context.Context) {
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		k.o.Bus.WatchKeys(ctx, k.poke)
	}()
	defer func() { <-watched }()
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	var last time.Time
	due := true
	for ctx.Err() == nil {
		if due || time.Since(last) >= readEvery {
			k.read(ctx)
			last = time.Now()
		}
		k.tell(ctx)
		due = false
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-k.changed:
			due = true
			timer := time.NewTimer(readGap - time.Since(last))
			select {
			case <-ctx.Done():
			case <-timer.C:
			}
			timer.Stop()
		}
	}
}

// poke has the bus read at once, and relays told.
func (k *Keyring) poke() {
	select {
	case k.changed <- struct{}{}:
	default: // it is about to
	}
}

// read reads what the bus keeps.
func (k *Keyring) read(ctx context.Context) {
	timed, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	ids, records, err := k.o.Bus.ListKeys(timed, k.known())
	if ctx.Err() != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		if k.reading {
			k.o.Log.Warn("the keys kept in Redis cannot be read: those that were read before hold", "error", err)
		}
		k.reading = false
		return
	}
	if !k.reading {
		k.o.Log.Info("the keys kept in Redis can be read again")
	}
	k.reading = true
	if k.take(ids, records) || !k.loaded.Load() {
		if err := k.rebuild(k.config); err != nil { // which were good before
			k.o.Log.Error("the keyring was not changed", "error", err)
		}
	}
	k.loaded.Store(true)
}

// known are the versions of what is there.
func (k *Keyring) known() map[string]uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	versions := make(map[string]uint64, len(k.kept))
	for id, of := range k.kept {
		if !of.gone {
			versions[id] = of.version
		}
	}
	return versions
}

// take takes over what was read, and tells whether anything is another now. k.mu is
// held.
func (k *Keyring) take(ids []string, records []bus.KeyRecord) (changed bool) {
	there := make(map[string]bool, len(ids))
	for _, id := range ids {
		there[id] = true
	}
	for id, of := range k.kept {
		if !there[id] && !of.gone {
			if of.key != nil {
				k.say(id, "Redis has lost a key: it does not hold any more, and its sockets stay", nil)
			}
			of.gone, changed = true, true
			k.kept[id] = of
		}
	}
	for _, r := range records {
		old, known := k.kept[r.ID]
		switch {
		case r.Unread: // what was read before stands
			continue
		case known && r.Version < old.version:
			k.say(r.ID, "Redis has an older record of a key than it had before: what was read before stands", nil)
			continue
		case known && r.Version == old.version && !old.gone:
			continue
		}
		if old.gone {
			delete(k.said, r.ID)
		}
		of := kept{version: r.Version, deleted: r.Data == nil}
		if r.Data != nil {
			parsed, err := read(r.ID, r.Data)
			if err != nil {
				k.say(r.ID, "a key that is kept in Redis does not hold", err)
			} else {
				of.key = &parsed.Key
			}
		}
		k.kept[r.ID] = of
		changed = true
	}
	return changed
}

// tell has relays close what was revoked.
func (k *Keyring) tell(ctx context.Context) {
	// While the bus is away it is tried again.
	if told, err := k.revoked.tell(ctx, k.o.Bus); err != nil && told > 0 {
		k.o.Log.Debug("a relay could not be told what was revoked: it is tried again", "error", err)
	}
}
