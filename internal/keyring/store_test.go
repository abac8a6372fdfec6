package keyring_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/membus"
	"github.com/polysocket/polysocket/internal/keyring"
)

// Two keys that are at odds are not both put.
func TestAddAtOdds(t *testing.T) {
	s := keyring.Store{Bus: membus.New()}
	if err := s.Add(t.Context(), key("a", "same"), false); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(t.Context(), key("b", "same"), false); err == nil || !strings.Contains(err.Error(), "also one of") {
		t.Errorf("two keys have one token: %v", err)
	}
	if keys, err := s.List(t.Context()); err != nil || len(keys) != 1 || keys[0].ID != "a" {
		t.Errorf("%v %v", keys, err)
	}
	if _, err := s.Get(t.Context(), "b"); !errors.Is(err, keyring.ErrNoKey) {
		t.Error(err)
	}
}

// Where there is no room the keys that were deleted long ago are forgotten.
func TestAddForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := membus.New()
		s := keyring.Store{Bus: b}
		for i := range bus.MaxKeys {
			r := bus.KeyRecord{ID: fmt.Sprint("old", i), Version: uint64(time.Now().UnixMilli())}
			if ok, err := b.PutKey(t.Context(), r, 0); !ok || err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Add(t.Context(), key("a", "a"), false); !errors.Is(err, bus.ErrTooManyKeys) {
			t.Errorf("there is room: %v", err)
		}
		time.Sleep(91 * 24 * time.Hour)
		if err := s.Add(t.Context(), key("a", "a"), false); err != nil {
			t.Error(err)
		}
	})
}

// One record that this version does not understand is in nobody's way, and can be
// replaced and revoked.
func TestStoreUnread(t *testing.T) {
	b := membus.New()
	s := keyring.Store{Bus: b}
	for _, id := range []string{"new", "newer"} {
		if ok, err := b.PutKey(t.Context(), bus.KeyRecord{ID: id, Version: 1, Data: []byte(`{"Key":{"id":"` + id + `","narrower":true}}`)}, 0); !ok || err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Add(t.Context(), key("a", "a"), false); err != nil {
		t.Error(err)
	}
	if keys, err := s.List(t.Context()); err != nil || len(keys) != 3 {
		t.Errorf("%v %v", keys, err)
	}
	for what, err := range map[string]error{
		"show": func() error { _, err := s.Get(t.Context(), "new"); return err }(),
		"add":  s.Add(t.Context(), key("new", "n"), false), "revoke a token": s.RevokeToken(t.Context(), "new", idOf("n"), time.Time{}),
	} {
		if err == nil || errors.Is(err, keyring.ErrNoKey) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := errors.Join(s.Add(t.Context(), key("new", "n"), true), s.Revoke(t.Context(), "newer")); err != nil {
		t.Error(err)
	}
	if k, err := s.Get(t.Context(), "new"); err != nil || len(k.Tokens) != 1 {
		t.Errorf("%v %v", k, err)
	}
}

// A record that was kept with another cluster's secret can be replaced and revoked.
func TestStoreOtherSecret(t *testing.T) {
	kept := membus.New()
	s := keyring.Store{Bus: unread{kept}}
	for _, id := range []string{"old", "older"} {
		if err := (keyring.Store{Bus: kept}).Add(t.Context(), key(id, id), false); err != nil {
			t.Fatal(err)
		}
	}
	for what, err := range map[string]error{
		"show": func() error { _, err := s.Get(t.Context(), "old"); return err }(),
		"add":  s.Add(t.Context(), key("old", "x"), false), "revoke a token": s.RevokeToken(t.Context(), "old", idOf("x"), time.Time{}),
	} {
		if err == nil || !strings.Contains(err.Error(), "--replace") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := errors.Join(s.Add(t.Context(), key("old", "x"), true), s.Revoke(t.Context(), "older")); err != nil {
		t.Error(err)
	}
	if keys, err := (keyring.Store{Bus: kept}).List(t.Context()); err != nil || len(keys) != 1 || keys[0].Tokens[0].SHA256 != idOf("x") {
		t.Errorf("%v %v", keys, err)
	}
}

// unread is a bus whose records were all kept with another secret.
type unread struct{ *membus.Bus }

func (u unread) ListKeys(ctx context.Context, known map[string]uint64) ([]string, []bus.KeyRecord, error) {
	ids, records, err := u.Bus.ListKeys(ctx, known)
	for i, r := range records {
		records[i] = bus.KeyRecord{ID: r.ID, Version: r.Version, Unread: true}
	}
	return ids, records, err
}
