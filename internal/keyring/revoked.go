package keyring

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/wire"
)

// atOnce is how many keys, or tokens, one message names.
const atOnce = 500

// What the clients of sockets that are closed are told.
const (
	closeCode   = wire.ClosePolicy
	closeReason = "the key or the token was revoked"
)

// revoked is what was revoked, and whom it was told. All relays are told what is new,
// and all of it those that were not there when it was: they may have had no way to hear.
type revoked struct {
	mu     sync.Mutex
	keys   map[string]bool // ids
	tokens map[string]bool // TokenIDs
	fresh  closing         // of these, what has come since relays were told last
	told   map[string]bool // nodes that have been told all but what is fresh
}

// closing is what sockets are to be closed by.
type closing struct{ keys, tokens []string }

func newRevoked() revoked {
	return revoked{keys: map[string]bool{}, tokens: map[string]bool{}, told: map[string]bool{}}
}

// update takes over that other keys hold than before. ended tells whether a key that
// does not hold any more was revoked; deleted are keys that were, at whatever time.
func (r *revoked) update(before, now map[string]auth.Key, ended func(id string) bool, deleted []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, old := range before {
		key, ok := now[id]
		switch {
		case !ok && ended(id):
			r.key(id)
		case ok:
			still := opaque(key)
			for token := range opaque(old) {
				if !still[token] {
					r.token(token)
				}
			}
			for token := range unrevoked(old, key) {
				delete(r.tokens, token)
			}
		}
	}
	for _, id := range deleted {
		r.key(id)
	}
	for id, key := range now {
		delete(r.keys, id)
		for _, token := range key.Revoked {
			r.token(token)
		}
	}
	for _, key := range now {
		for token := range opaque(key) {
			delete(r.tokens, token)
		}
	}
}

// unrevoked are the tokens that are revoked of the old key, and not of the new.
func unrevoked(old, key auth.Key) map[string]bool {
	over := make(map[string]bool, len(old.Revoked))
	for _, token := range old.Revoked {
		over[token] = true
	}
	for _, token := range key.Revoked {
		delete(over, token)
	}
	return over
}

func (r *revoked) key(id string) {
	if !r.keys[id] {
		r.keys[id] = true
		r.fresh.keys = append(r.fresh.keys, id)
	}
}

func (r *revoked) token(id string) {
	if !r.tokens[id] {
		r.tokens[id] = true
		r.fresh.tokens = append(r.fresh.tokens, id)
	}
}

// tell has the relays close the sockets of what was revoked. Those that could not be
// told are told all of it the next time.
func (r *revoked) tell(ctx context.Context, b Bus) (told int, err error) {
	nodes, err := b.Nodes(ctx)
	if err != nil {
		return 0, err
	}
	r.mu.Lock()
	fresh := closing{keep(r.fresh.keys, r.keys), keep(r.fresh.tokens, r.tokens)}
	all := closing{slices.Collect(maps.Keys(r.keys)), slices.Collect(maps.Keys(r.tokens))}
	before := r.told
	r.fresh, r.told = closing{}, map[string]bool{}
	r.mu.Unlock()
	done := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		what := all
		if before[n.ID] {
			what = fresh
		}
		if failed := what.tell(ctx, b, n.ID); failed != nil {
			err = failed
			continue
		}
		done[n.ID] = true
		told++
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = done
	return told, err
}

// keep are those of the ids that are still there: what was revoked may hold again.
func keep(ids []string, there map[string]bool) []string {
	return slices.DeleteFunc(ids, func(id string) bool { return !there[id] })
}

// tell tells one node.
func (c closing) tell(ctx context.Context, b Bus, node string) error {
	for keys := range slices.Chunk(c.keys, atOnce) {
		if err := b.Tell(ctx, node, bus.CloseSockets{Keys: keys, Code: closeCode, Reason: closeReason}); err != nil {
			return err
		}
	}
	for tokens := range slices.Chunk(c.tokens, atOnce) {
		if err := b.Tell(ctx, node, bus.CloseSockets{Tokens: tokens, Code: closeCode, Reason: closeReason}); err != nil {
			return err
		}
	}
	return nil
}
