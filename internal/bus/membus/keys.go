package membus

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
)

// ListKeys implements bus.Keys.
func (b *Bus) ListKeys(_ context.Context, known map[string]uint64) (ids []string, changed []bus.KeyRecord, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, r := range b.keys {
		ids = append(ids, id)
		if version, ok := known[id]; !ok || version != r.Version {
			r.Data = bytes.Clone(r.Data)
			changed = append(changed, r)
		}
	}
	return ids, changed, nil
}

// PutKey implements bus.Keys.
func (b *Bus) PutKey(_ context.Context, r bus.KeyRecord, over uint64) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, known := b.keys[r.ID]
	switch {
	case len(r.Data) > bus.MaxKeyRecord:
		return false, fmt.Errorf("put the key %s: its record has %d bytes, and %d are kept", r.ID, len(r.Data), bus.MaxKeyRecord)
	case old.Version != over:
		return false, nil
	case !known && len(b.keys) >= bus.MaxKeys:
		return false, bus.ErrTooManyKeys
	}
	r.Data = bytes.Clone(r.Data)
	b.keys[r.ID] = r
	b.keysChanged()
	return true, nil
}

// ForgetKey implements bus.Keys.
func (b *Bus) ForgetKey(_ context.Context, id string, version uint64) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.keys[id].Version != version {
		return false, nil
	}
	delete(b.keys, id)
	b.keysChanged()
	return true, nil
}

// WatchKeys implements bus.Keys.
func (b *Bus) WatchKeys(ctx context.Context, changed func()) {
	b.mu.Lock()
	b.watches[&changed] = true
	b.mu.Unlock()
	<-ctx.Done()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.watches, &changed)
}

// keysChanged tells those who watch. b.mu is held.
func (b *Bus) keysChanged() {
	for changed := range b.watches {
		(*changed)()
	}
}

// A ticket is what one stands for, and until when.
type ticket struct {
	data  []byte
	until time.Time
}

// PutTicket implements bus.Tickets.
func (b *Bus) PutTicket(_ context.Context, hash string, data []byte, lasts time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tickets[hash] = ticket{bytes.Clone(data), time.Now().Add(lasts)}
	time.AfterFunc(lasts, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if t, ok := b.tickets[hash]; ok && !time.Now().Before(t.until) {
			delete(b.tickets, hash)
		}
	})
	return nil
}

// TakeTicket implements bus.Tickets.
func (b *Bus) TakeTicket(_ context.Context, hash string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.tickets[hash]
	delete(b.tickets, hash)
	if time.Now().After(t.until) {
		return nil, nil
	}
	return t.data, nil
}
