// Package keyring is the policy of a router with keys: those of its configuration, and
// those that the bus keeps for all routers. It has them in memory, where they hold also
// while the bus is away, hears when somebody has changed one, and sees to it that the
// sockets of what was revoked are closed.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/wire"
)

// A Bus is what a keyring needs of one.
type Bus interface {
	ListKeys(ctx context.Context, known map[string]uint64) (ids []string, changed []bus.KeyRecord, err error)
	WatchKeys(ctx context.Context, changed func())
	Nodes(ctx context.Context) ([]bus.Node, error)
	Tell(ctx context.Context, node string, c bus.CloseSockets) error
}

// Sets are the key sets of others (internal/auth/jwks).
type Sets interface {
	// Set gives the set of a URL.
	Set(url string) auth.KeySet
	// Keep ends all sets but those of the URLs.
	Keep(urls []string)
}

// Options are what a Keyring works with. All are required.
type Options struct {
	Bus  Bus
	Sets Sets
	Log  *slog.Logger
}

// A Keyring is an auth.Authorizer whose keys change. Make it with New, and have it Run.
type Keyring struct {
	o       Options
	ring    atomic.Pointer[auth.Keys]
	loaded  atomic.Bool   // what the bus keeps has been read
	changed chan struct{} // full: somebody has changed a key
	revoked revoked

	mu      sync.Mutex // guards all below; ring is written under it
	config  []auth.Key
	kept    map[string]kept // by id
	holds   map[string]auth.Key
	said    map[string]string // what was last logged of a key
	reading bool              // the bus could be read last time
}

// kept is what is known of a key that the bus keeps, or did.
type kept struct {
	version uint64
	key     *auth.Key // nil: it was deleted, or cannot be read
	deleted bool
	gone    bool // the bus does not have it any more
}

// New makes a keyring of the configuration's keys. Those that the bus keeps are added
// by Run. An error says what is wrong with the configuration's.
func New(o Options, config []auth.Key) (*Keyring, error) {
	k := &Keyring{
		o: o, changed: make(chan struct{}, 1), kept: map[string]kept{}, holds: map[string]auth.Key{}, said: map[string]string{},
		revoked: newRevoked(), reading: true,
	}
	if err := k.Apply(config); err != nil {
		return nil, err
	}
	return k, nil
}

// Apply has other keys of the configuration hold from now on. The sockets of those that
// are not there any more, and of their tokens, are closed.
func (k *Keyring) Apply(config []auth.Key) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.rebuild(config); err != nil {
		return err
	}
	k.config = slices.Clone(config)
	k.poke() // relays are told
	return nil
}

// rebuild makes the ring of a configuration's keys and of what is kept. k.mu is held.
func (k *Keyring) rebuild(config []auth.Key) error {
	now := map[string]auth.Key{}
	for _, key := range config {
		now[key.ID] = key
	}
	var more []auth.Key
	for _, id := range slices.Sorted(maps.Keys(k.kept)) {
		of := k.kept[id]
		_, both := now[id]
		switch {
		case of.key == nil || of.gone:
			continue
		case both:
			k.say(id, "a key is in the configuration and among those kept in Redis: the configuration's holds", nil)
			continue
		}
		more = append(more, *of.key)
	}
	ring, left, err := auth.MergeKeys(config, more, auth.KeysOptions{KeySet: k.o.Sets.Set})
	if err != nil {
		return fmt.Errorf("the configuration's keys: %w", err)
	}
	for _, key := range more {
		if err := left[key.ID]; err != nil {
			k.say(key.ID, "a key that is kept in Redis does not hold", err)
			continue
		}
		now[key.ID] = key
	}
	// Who is granted something by the old ring from now on finds that it does not stand.
	k.ring.Store(ring)
	k.o.Sets.Keep(ring.URLs())
	k.revoked.update(k.holds, now, func(id string) bool {
		// Of a key that Redis has lost nobody has said that it is revoked.
		of, known := k.kept[id]
		return !known || of.deleted || of.key != nil && !of.gone && left[id] == nil
	}, k.deleted())
	k.holds = now
	return nil
}

// deleted are the keys of which it is known that they were deleted. k.mu is held.
func (k *Keyring) deleted() (ids []string) {
	for id, of := range k.kept {
		if of.deleted {
			ids = append(ids, id)
		}
	}
	return ids
}

// say logs what is to be said of a key, once. k.mu is held.
func (k *Keyring) say(id, what string, err error) {
	said := what
	if err != nil {
		said += err.Error()
	}
	if k.said[id] == said {
		return
	}
	k.said[id] = said
	attributes := []any{"key", id}
	if err != nil {
		attributes = append(attributes, "error", err)
	}
	k.o.Log.Warn(what, attributes...)
}

// Authorize implements auth.Authorizer.
func (k *Keyring) Authorize(ctx context.Context, r auth.Request) (auth.Grant, error) {
	g, err := k.ring.Load().Authorize(ctx, r)
	var said *wire.Error
	if errors.As(err, &said) && said.Code == wire.TokenInvalid && r.Token != "" && !k.loaded.Load() {
		return g, bus.Unavailable() // its key may be one that was not read yet
	}
	return g, err
}

// Stands implements auth.Reviewer.
func (k *Keyring) Stands(g auth.Grant) bool { return k.ring.Load().Stands(g) }

var (
	_ auth.Authorizer = (*Keyring)(nil)
	_ auth.Reviewer   = (*Keyring)(nil)
)
