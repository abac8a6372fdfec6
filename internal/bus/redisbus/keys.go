package redisbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/polysocket/polysocket/internal/bus"
)

const (
	// recordsAtOnce is how many records one command reads: Redis does nothing else
	// meanwhile.
	recordsAtOnce = 50
	// mostLocked is how long a record may be as Redis keeps it.
	mostLocked = 2 * bus.MaxKeyRecord
)

var errNoRecord = errors.New("it is not there, or is longer than a record can be")

// ListKeys implements bus.Keys.
func (b *Bus) ListKeys(ctx context.Context, known map[string]uint64) (ids []string, changed []bus.KeyRecord, err error) {
	l, err := b.current(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("list the keys: %w", err)
	}
	versions, err := l.run(ctx, versionsScript, []string{versionsKey}, []string{strconv.Itoa(bus.MaxKeys)}).AsStrSlice()
	if err != nil {
		return nil, nil, fmt.Errorf("list the keys: %w", err)
	}
	var wanted []string
	said := map[string]uint64{}
	for i := 0; i+1 < len(versions); i += 2 {
		id := versions[i]
		ids = append(ids, id)
		version, bad := strconv.ParseUint(versions[i+1], 10, 64)
		if old, ok := known[id]; bad != nil || !ok || old != version {
			wanted = append(wanted, id)
			said[id] = version
		}
	}
	for some := range slices.Chunk(wanted, recordsAtOnce) {
		records, err := l.run(ctx, recordsScript, []string{recordsKey}, append([]string{strconv.Itoa(mostLocked)}, some...)).AsStrSlice()
		if err != nil {
			return nil, nil, fmt.Errorf("read keys: %w", err)
		}
		if len(records) != len(some) {
			return nil, nil, errors.New("read keys: redis has answered for others than were asked for")
		}
		for i, id := range some {
			version, data, err := uint64(0), []byte(nil), errNoRecord
			if records[i] != "" {
				version, data, err = b.vault.unlock(storingKey, id, records[i])
			}
			if err != nil {
				b.dropped.note("a key", err, "key", shorten(id))
				changed = append(changed, bus.KeyRecord{ID: id, Version: said[id], Unread: true})
				continue
			}
			if len(data) == 0 {
				data = nil
			}
			changed = append(changed, bus.KeyRecord{ID: id, Version: version, Data: data})
		}
	}
	return ids, changed, nil
}

// PutKey implements bus.Keys.
func (b *Bus) PutKey(ctx context.Context, r bus.KeyRecord, over uint64) (bool, error) {
	if len(r.Data) > bus.MaxKeyRecord {
		return false, fmt.Errorf("put the key %s: its record has %d bytes, and %d are kept", r.ID, len(r.Data), bus.MaxKeyRecord)
	}
	return b.putKey(ctx, r.ID, over, r.Version, b.vault.lock(storingKey, r.ID, r.Version, r.Data))
}

// ForgetKey implements bus.Keys.
func (b *Bus) ForgetKey(ctx context.Context, id string, version uint64) (bool, error) {
	return b.putKey(ctx, id, version, 0, "")
}

func (b *Bus) putKey(ctx context.Context, id string, over, version uint64, locked string) (bool, error) {
	l, err := b.current(ctx)
	if err != nil {
		return false, fmt.Errorf("put the key %s: %w", id, err)
	}
	args := []string{id, strconv.FormatUint(over, 10), strconv.FormatUint(version, 10), locked, strconv.Itoa(bus.MaxKeys)}
	switch n, err := l.run(ctx, putKeyScript, []string{recordsKey, versionsKey}, args).AsInt64(); {
	case err != nil:
		return false, fmt.Errorf("put the key %s: %w", id, err)
	case n < 0:
		return false, bus.ErrTooManyKeys
	case n == 0:
		return false, nil
	}
	// Who does not hear it reads again by itself.
	_, _ = l.publish(ctx, keysChannel, b.seal.seal(poking, keysChannel, nil))
	return true, nil
}

// A watch is told when the keys may be others.
type watch struct{ changed func() }

// WatchKeys implements bus.Keys.
func (b *Bus) WatchKeys(ctx context.Context, changed func()) {
	w := &watch{changed}
	b.mu.Lock()
	b.watches[w] = true
	l := b.line
	b.mu.Unlock()
	if l != nil {
		if err := b.subscribe(l, false); err != nil {
			l.fail(err) // the next line has it subscribed
		}
	}
	select {
	case <-ctx.Done():
	case <-b.life.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.watches, w)
}

// keysPoked takes what came on the channel of the keys. It must not block.
func (b *Bus) keysPoked(sealed string) {
	if _, err := b.seal.unseal(poking, keysChannel, sealed); err != nil {
		b.dropped.note("news of keys", err)
		return
	}
	b.keysChanged()
}

func (b *Bus) keysChanged() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.watches {
		w.changed()
	}
}
