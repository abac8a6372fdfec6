package redisbus

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/redisbus/redistest"
)

func TestVault(t *testing.T) {
	v := newVault(secret)
	locked := v.lock(storingKey, "acme", 7, []byte("a secret"))
	if strings.Contains(locked, "secret") {
		t.Errorf("it is not encrypted: %s", locked)
	}
	if again := v.lock(storingKey, "acme", 7, []byte("a secret")); again == locked {
		t.Error("the same is locked in the same way twice")
	}
	parts := strings.Split(locked, " ")
	other := "A"
	if strings.HasPrefix(parts[2], other) {
		other = "B"
	}
	for _, test := range []struct {
		name    string
		by      vault
		purpose purpose
		scope   string
		locked  string
		want    error
	}{
		{"as it is", v, storingKey, "acme", locked, nil},
		{"by another secret", newVault(strings.ToUpper(secret)), storingKey, "acme", locked, errSeal},
		{"for another purpose", v, storingTicket, "acme", locked, errSeal},
		{"for another scope", v, storingKey, "acm", locked, errSeal},
		{"with another number", v, storingKey, "acme", "1 8 " + parts[2], errSeal},
		{"without a number", v, storingKey, "acme", "1 x " + parts[2], errSeal},
		{"with another text", v, storingKey, "acme", "1 7 " + other + parts[2][1:], errSeal},
		{"cut short", v, storingKey, "acme", locked[:len(locked)-4], errSeal},
		{"no base64", v, storingKey, "acme", "1 7 !", errSeal},
		{"empty", v, storingKey, "acme", "1 7 ", errSeal},
		{"of another version", v, storingKey, "acme", "2" + locked[1:], errVersion},
		{"nothing", v, storingKey, "acme", "", errVersion},
	} {
		number, text, err := test.by.unlock(test.purpose, test.scope, test.locked)
		if !errors.Is(err, test.want) || test.want == nil && (number != 7 || string(text) != "a secret") || test.want != nil && text != nil {
			t.Errorf("%s: %d %q %v", test.name, number, text, err)
		}
	}
}

func FuzzUnlock(f *testing.F) {
	v := newVault(secret)
	f.Add(v.lock(storingTicket, "acme", 7, []byte("x")))
	f.Add("1 7 AAAA")
	f.Add("1  ")
	f.Fuzz(func(t *testing.T, locked string) {
		if _, text, err := v.unlock(storingKey, "acme", locked); err == nil || text != nil {
			t.Errorf("%q is a forgery", locked)
		}
	})
}

// What Redis keeps shows no secret, and no ticket; and who writes there without the
// cluster's secret makes no key, and no ticket.
func TestKept(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	b := open(t, server.URL())
	put := func(b *Bus, id string, version uint64) {
		t.Helper()
		if ok, err := b.PutKey(t.Context(), bus.KeyRecord{ID: id, Version: version, Data: []byte("a secret of " + id)}, 0); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	put(b, "a", 1)
	if err := b.PutTicket(t.Context(), "hash", []byte("a secret token"), bus.TicketTTL); err != nil {
		t.Fatal(err)
	}
	for _, kept := range []string{server.Do("HGETALL", recordsKey), server.Do("HGETALL", versionsKey), server.Do("GET", ticketKey("hash"))} {
		if kept == "" || strings.Contains(kept, "secret") {
			t.Errorf("Redis keeps %q", kept)
		}
	}
	forger, err := New(Options{URL: server.URL(), Secret: "another secret, of nobody", Log: b.log})
	if err != nil {
		t.Fatal(err)
	}
	defer forger.Close()
	put(forger, "b", 1)
	server.Do("HSET", recordsKey, "c", server.Do("HGET", recordsKey, "a"))
	server.Do("HSET", versionsKey, "c", "1", "d", "rubbish")
	ids, changed, err := b.ListKeys(t.Context(), nil)
	if err != nil || len(ids) != 4 || len(changed) != 4 {
		t.Errorf("%v %v %v", ids, changed, err)
	}
	for _, r := range changed {
		if r.Unread == (r.ID == "a") || r.Unread && (len(r.Data) > 0 || r.ID == "b" && r.Version != 1) {
			t.Errorf("of %s there is %v", r.ID, r)
		}
	}
	if err := forger.PutTicket(t.Context(), "forged", []byte("x"), bus.TicketTTL); err != nil {
		t.Fatal(err)
	}
	server.Do("SET", ticketKey("moved"), server.Do("GET", ticketKey("hash")))
	for _, hash := range []string{"forged", "moved"} {
		if data, err := b.TakeTicket(t.Context(), hash); data != nil || err != nil {
			t.Errorf("%s: %q %v", hash, data, err)
		}
	}
	// Put back, it is good for a minute and a half, whatever Redis says.
	old := server.Do("GET", ticketKey("hash"))
	b.vault.now = func() time.Time { return time.Now().Add(bus.TicketTTL + sealedFor + time.Second) }
	if data, err := b.TakeTicket(t.Context(), "hash"); data != nil || err != nil {
		t.Errorf("%q %v", data, err)
	}
	server.Do("SET", ticketKey("hash"), old)
	b.vault.now = time.Now
	if data, err := b.TakeTicket(t.Context(), "hash"); string(data) != "a secret token" || err != nil {
		t.Errorf("%q %v", data, err)
	}
}

// Whoever fills Redis with keys fills no router.
func TestTooManyKeys(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	b := open(t, server.URL())
	server.Do("EVAL", "for i = 1, "+strconv.Itoa(bus.MaxKeys)+" do redis.call('HSET', KEYS[1], i, 1) end", "1", versionsKey)
	if ok, err := b.PutKey(t.Context(), bus.KeyRecord{ID: "more", Version: 1, Data: []byte("x")}, 0); ok || !errors.Is(err, bus.ErrTooManyKeys) {
		t.Errorf("one more: %v, %v", ok, err)
	}
	if ok, err := b.PutKey(t.Context(), bus.KeyRecord{ID: "7", Version: 2, Data: []byte("x")}, 1); !ok || err != nil {
		t.Errorf("another of one that is there: %v, %v", ok, err)
	}
	server.Do("HSET", versionsKey, "more", "1")
	if ids, _, err := b.ListKeys(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "more keys than may be") {
		t.Errorf("%d %v", len(ids), err)
	}
	server.Do("DEL", versionsKey)
	server.Do("HSET", versionsKey, "a", "1")
	server.Do("EVAL", "redis.call('HSET', KEYS[1], 'a', string.rep('x', "+strconv.Itoa(mostLocked+1)+"))", "1", recordsKey)
	if ids, changed, err := b.ListKeys(t.Context(), nil); err != nil || len(ids) != 1 || len(changed) != 1 || !changed[0].Unread {
		t.Errorf("%v %v %v", ids, changed, err)
	}
}

// Who watches the keys is told when Redis is back: they may be others.
func TestWatchKeysBack(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	b := open(t, server.URL())
	if _, err := b.current(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var told atomic.Int64
	over := make(chan struct{})
	go func() { defer close(over); b.WatchKeys(ctx, func() { told.Add(1) }) }()
	eventually(t, back, func() string {
		if ok, err := b.PutKey(t.Context(), bus.KeyRecord{ID: "a", Version: uint64(time.Now().UnixNano()), Data: []byte("x")}, 0); err != nil || ok && told.Load() == 0 {
			server.Do("FLUSHALL")
			return "it is not watched"
		}
		return ""
	})
	server.Stop()
	eventually(t, back, func() string {
		if _, err := b.current(t.Context()); err == nil {
			return "Redis is there"
		}
		return ""
	})
	told.Store(0)
	server.Restart()
	eventually(t, back, func() string {
		if told.Load() == 0 {
			return "who watches was not told"
		}
		return ""
	})
	stop()
	<-over
}
