package keyring

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus"
)

// A Store is the keys that the bus keeps, for who changes them.
type Store struct{ Bus bus.Keys }

// The numbers of a store.
const (
	tries = 5 // of writing over what somebody else has just written
	// deletedKept is how long it stays known at least that a key was deleted, where
	// there is no room. Whoever may write into Redis could bring it back then.
	deletedKept = 90 * 24 * time.Hour
)

// ErrNoKey says that no key of this id is kept.
var ErrNoKey = errors.New("no key of this id is kept in Redis: `polysocket keys list` has those that are, and one of the configuration is changed there")

// all are the records by id, with the version of each; those of deleted keys have no
// id inside.
func (s Store) all(ctx context.Context) (map[string]record, map[string]uint64, error) {
	_, records, err := s.Bus.ListKeys(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	keys, versions := map[string]record{}, map[string]uint64{}
	for _, r := range records {
		versions[r.ID] = r.Version
		if r.Unread {
			keys[r.ID] = record{Key: auth.Key{ID: r.ID}, bad: fmt.Errorf("the record of %q was kept with another cluster_secret, or somebody has changed it: put another in its place by keys add --replace, or revoke the key", r.ID)}
			continue
		}
		if r.Data == nil {
			keys[r.ID] = record{}
			continue
		}
		parsed, err := read(r.ID, r.Data)
		if err != nil {
			parsed = record{Key: auth.Key{ID: r.ID}, bad: fmt.Errorf("the record of %q: %w", r.ID, err)}
		}
		keys[r.ID] = parsed
	}
	return keys, versions, nil
}

// List gives all keys, by their ids. Of one that cannot be read it has the id alone.
func (s Store) List(ctx context.Context) ([]auth.Key, error) {
	records, _, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	var keys []auth.Key
	for _, r := range records {
		if r.Key.ID != "" {
			keys = append(keys, r.Key)
		}
	}
	slices.SortFunc(keys, func(a, b auth.Key) int { return strings.Compare(a.ID, b.ID) })
	return keys, nil
}

// Get gives a key.
func (s Store) Get(ctx context.Context, id string) (auth.Key, error) {
	records, _, err := s.all(ctx)
	switch {
	case err != nil:
	case records[id].Key.ID == "":
		err = ErrNoKey
	default:
		err = records[id].bad
	}
	return records[id].Key, err
}

// change puts what change makes of a key's record in its place; a record without an id
// deletes it.
func (s Store) change(ctx context.Context, id string, change func(all map[string]record) (record, error)) error {
	for range tries {
		all, versions, err := s.all(ctx)
		if err != nil {
			return err
		}
		r, err := change(all)
		if err != nil {
			return err
		}
		now := time.Now()
		// In ms, so that a Redis that has lost all begins above what routers remember.
		next := bus.KeyRecord{ID: id, Version: max(versions[id]+1, uint64(now.UnixMilli()))}
		if r.Key.ID != "" {
			r.prune(now)
			next.Data = r.encode()
		}
		done, err := s.Bus.PutKey(ctx, next, versions[id])
		if errors.Is(err, bus.ErrTooManyKeys) && s.forget(ctx, all, versions, now) {
			continue
		}
		if err != nil || done {
			return err
		}
	}
	return errors.New("somebody else changes this key all the time: try again")
}

// forget forgets keys that were deleted long ago, and tells whether there were any.
func (s Store) forget(ctx context.Context, all map[string]record, versions map[string]uint64, now time.Time) (some bool) {
	for id, r := range all {
		if r.Key.ID == "" && now.Sub(time.UnixMilli(int64(versions[id]))) > deletedKept {
			done, err := s.Bus.ForgetKey(ctx, id, versions[id])
			some = some || done && err == nil
		}
	}
	return some
}

// Add puts a key. One of its id is replaced where that is said, and keeps the tokens
// that were revoked.
func (s Store) Add(ctx context.Context, key auth.Key, replace bool) error {
	return s.change(ctx, key.ID, func(all map[string]record) (record, error) {
		old := all[key.ID]
		if old.Key.ID != "" && !replace {
			return record{}, fmt.Errorf("the key %q is there: --replace puts this one in its place", key.ID)
		}
		r := record{Key: key, Until: maps.Clone(old.Until)}
		if key.Secret != "" || key.PublicKey != "" || key.JWKSURL != "" {
			for _, token := range old.Key.Revoked {
				if !slices.Contains(r.Key.Revoked, token) {
					r.Key.Revoked = append(slices.Clone(r.Key.Revoked), token)
				}
			}
		}
		var others []auth.Key
		for id, other := range all {
			if id != key.ID && other.Key.ID != "" && other.bad == nil {
				others = append(others, other.Key)
			}
		}
		_, left, err := auth.MergeKeys(nil, append(others, r.Key), auth.KeysOptions{KeySet: func(string) auth.KeySet { return nil }})
		if err == nil {
			err = left[key.ID]
		}
		return r, err
	})
}

// Revoke deletes a key.
func (s Store) Revoke(ctx context.Context, id string) error {
	return s.change(ctx, id, func(all map[string]record) (record, error) {
		if all[id].Key.ID == "" {
			return record{}, ErrNoKey
		}
		return record{}, nil
	})
}

// RevokeToken has a token of a key not taken any more. Until is when its own time is
// over; zero: it is not known, and the token is remembered for as long as the key.
func (s Store) RevokeToken(ctx context.Context, id, token string, until time.Time) error {
	return s.change(ctx, id, func(all map[string]record) (record, error) {
		r := all[id]
		k := &r.Key
		of := slices.IndexFunc(k.Tokens, func(t auth.OpaqueToken) bool { return t.SHA256 == token })
		jwts := k.Secret != "" || k.PublicKey != "" || k.JWKSURL != ""
		switch {
		case k.ID == "":
			return record{}, ErrNoKey
		case r.bad != nil:
			return record{}, r.bad
		case of >= 0 && len(k.Tokens) == 1 && !jwts:
			return record{}, errors.New("it is the key's only token: revoke the key")
		case of >= 0:
			k.Tokens = slices.Delete(slices.Clone(k.Tokens), of, of+1)
			return r, nil
		case !jwts:
			return record{}, errors.New("the key has no such token")
		case slices.Contains(k.Revoked, token):
			return record{}, errors.New("this token is revoked already")
		}
		k.Revoked = append(slices.Clone(k.Revoked), token)
		if !until.IsZero() {
			r.Until = maps.Clone(r.Until)
			if r.Until == nil {
				r.Until = map[string]int64{}
			}
			r.Until[token] = until.Unix()
		}
		return r, k.Validate()
	})
}

// Close has all relays close the sockets of keys and of tokens, by the bus that is
// given, and tells how many relays were told. Routers do so too, once they know.
func Close(ctx context.Context, b Bus, keys, tokens []string) (told int, err error) {
	nodes, err := b.Nodes(ctx)
	if err != nil {
		return 0, err
	}
	for _, n := range nodes {
		if failed := (closing{keys, tokens}).tell(ctx, b, n.ID); failed != nil {
			err = failed
			continue
		}
		told++
	}
	return told, err
}
