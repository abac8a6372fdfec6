package keyring_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/keyring"
	"github.com/polysocket/polysocket/internal/wire"
)

// What is put is there at once, what is deleted is gone at once, and relays close its
// sockets; also those that come later.
func TestKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, key("config", "c"))
		synctest.Wait()
		r.admits("c", "")
		r.admits("a", wire.TokenInvalid)
		r.do(r.store.Add(t.Context(), key("acme", "a", "b"), false))
		time.Sleep(moment)
		g := r.admits("a", "")
		if !r.keyring.Stands(g) || g.Key != "acme" || g.Token != idOf("a") {
			t.Errorf("%+v", g)
		}
		if err := r.store.Add(t.Context(), key("acme", "x"), false); err == nil || !strings.Contains(err.Error(), "--replace") {
			t.Errorf("it was replaced: %v", err)
		}
		r.hears("")
		r.do(r.store.Add(t.Context(), key("acme", "b"), true))
		time.Sleep(moment)
		r.admits("a", wire.TokenInvalid)
		r.admits("b", "")
		if r.keyring.Stands(g) {
			t.Error("a token stands that was taken out")
		}
		r.hears("relay token " + idOf("a")[:4])
		r.do(r.store.Revoke(t.Context(), "acme"))
		time.Sleep(moment)
		r.admits("b", wire.TokenInvalid)
		r.admits("c", "")
		r.hears("relay key acme")
		r.set(func() { r.nodes = append(r.nodes, "late") })
		time.Sleep(2 * time.Second)
		r.hears("late key acme, late token " + idOf("a")[:4])
		// It is there again, and nobody closes it.
		r.do(r.store.Add(t.Context(), key("acme", "a"), false))
		r.set(func() { r.nodes = append(r.nodes, "later") })
		time.Sleep(2 * time.Second)
		r.admits("a", "")
		r.hears("")
		if err := r.store.Revoke(t.Context(), "none"); !errors.Is(err, keyring.ErrNoKey) {
			t.Errorf("none was revoked: %v", err)
		}
	})
}

// A token is revoked for as long as it could be used, also where its key is replaced.
func TestRevokeToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		k, text := signing(t, "acme")
		r.do(r.store.Add(t.Context(), k, false))
		time.Sleep(moment)
		g := r.admits(text, "")
		id := auth.TokenID(text)
		until := g.Expires.Add(time.Minute)
		r.do(r.store.RevokeToken(t.Context(), "acme", id, until))
		time.Sleep(moment)
		r.admits(text, wire.TokenInvalid)
		r.hears("relay token " + id[:4])
		if r.keyring.Stands(g) {
			t.Error("it stands")
		}
		if err := r.store.RevokeToken(t.Context(), "acme", id, until); err == nil {
			t.Error("it was revoked twice")
		}
		r.do(r.store.Add(t.Context(), k, true))
		time.Sleep(moment)
		r.admits(text, wire.TokenInvalid)
		time.Sleep(time.Hour + 2*time.Minute)
		r.do(r.store.RevokeToken(t.Context(), "acme", idOf("another"), time.Time{}))
		kept, err := r.store.Get(t.Context(), "acme")
		if err != nil || len(kept.Revoked) != 1 || kept.Revoked[0] != idOf("another") {
			t.Errorf("%v %v: want only what may still be used", kept.Revoked, err)
		}
		time.Sleep(moment)
		r.admits(text, wire.TokenExpired)

		opaque := key("opaque", "a", "b")
		r.do(r.store.Add(t.Context(), opaque, false))
		for id, want := range map[string]string{idOf("none"): "no such token", idOf("a"): "", "x": "no such token"} {
			if err := r.store.RevokeToken(t.Context(), "opaque", id, time.Time{}); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", id, err)
			}
		}
		if err := r.store.RevokeToken(t.Context(), "opaque", idOf("b"), time.Time{}); err == nil || !strings.Contains(err.Error(), "revoke the key") {
			t.Errorf("its last token: %v", err)
		}
		if err := r.store.RevokeToken(t.Context(), "none", id, time.Time{}); !errors.Is(err, keyring.ErrNoKey) {
			t.Error(err)
		}
		if err := r.store.RevokeToken(t.Context(), "acme", "x", time.Time{}); err == nil {
			t.Error("what is no id was revoked")
		}
	})
}

// As long as nothing was read, it is not known that a token is no good.
func TestUnread(t *testing.T) {
	r := &rig{T: t}
	var err error
	r.keyring, err = keyring.New(keyring.Options{Bus: r, Sets: r, Log: slog.New(slog.DiscardHandler)}, []auth.Key{key("config", "c")})
	r.do(err)
	r.admits("c", "")
	r.admits("a", wire.NoRelay)
	r.admits("", wire.TokenInvalid)
}

// What the configuration has no more is revoked, and its sockets closed; what it has
// holds, whatever is kept under the same id.
func TestApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, key("a", "a1", "a2"), key("b", "b"))
		r.do(r.store.Add(t.Context(), key("a", "other"), false))
		time.Sleep(moment)
		r.admits("other", wire.TokenInvalid)
		r.do(r.store.Add(t.Context(), key("a", "other"), true))
		time.Sleep(5 * time.Second)
		if n := strings.Count(r.log.String(), "the configuration's holds"); n != 1 {
			t.Errorf("it is said %d times that a key is in both:\n%s", n, r.log.String())
		}
		r.hears("")
		r.do(r.keyring.Apply([]auth.Key{key("a", "a1")}))
		r.admits("a2", wire.TokenInvalid)
		r.admits("b", wire.TokenInvalid)
		time.Sleep(moment)
		r.hears("relay key b, relay token " + idOf("a2")[:4])
		// Without the configuration's the kept one holds, and the key is not revoked.
		r.do(r.keyring.Apply(nil))
		r.admits("other", "")
		time.Sleep(moment)
		r.hears("relay token " + idOf("a1")[:4])
		if err := r.keyring.Apply([]auth.Key{{ID: "bad"}}); err == nil {
			t.Error("a bad key was taken")
		}
		r.admits("other", "")
		jwks := key("jwks")
		jwks.JWKSURL = "https://login.example/keys"
		r.do(r.keyring.Apply([]auth.Key{jwks}))
		if len(r.sets) != 1 || r.sets[0] != jwks.JWKSURL {
			t.Errorf("sets: %v", r.sets)
		}
		r.do(r.keyring.Apply(nil))
		if len(r.sets) != 0 {
			t.Errorf("sets: %v", r.sets)
		}
	})
}

// A token that was revoked, and is no more, has its sockets left alone, also by relays that
// come later.
func TestUnrevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, text := signing(t, "acme")
		id := auth.TokenID(text)
		revoked := k
		revoked.Revoked = []string{id}
		r := newRig(t, revoked)
		time.Sleep(moment)
		r.admits(text, wire.TokenInvalid)
		r.hears("relay token " + id[:4])
		r.do(r.keyring.Apply([]auth.Key{k}))
		r.admits(text, "")
		r.set(func() { r.nodes = []string{"relay", "late"} })
		time.Sleep(5 * time.Second)
		r.hears("")
		r.do(r.keyring.Apply([]auth.Key{revoked}))
		time.Sleep(moment)
		r.hears("late token " + id[:4] + ", relay token " + id[:4])
	})
}

// While the bus is away all goes on, and it is read again when it is back; a relay that
// could not be told is told later.
func TestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, key("config", "c"))
		r.do(r.store.Add(t.Context(), key("a", "a"), false))
		r.do(r.store.Add(t.Context(), key("b", "b"), false))
		time.Sleep(moment)
		r.set(func() { r.away = true })
		r.do(r.store.Revoke(t.Context(), "a"))
		time.Sleep(time.Minute)
		for _, token := range []string{"a", "b", "c"} {
			r.admits(token, "")
		}
		r.hears("")
		r.set(func() { r.away, r.deaf["relay"] = false, true })
		time.Sleep(4 * time.Second)
		r.admits("a", wire.TokenInvalid)
		r.admits("b", "")
		r.hears("")
		r.set(func() { r.deaf["relay"] = false })
		time.Sleep(2 * time.Second)
		r.hears("relay key a")
		if log := r.log.String(); strings.Count(log, "cannot be read") != 1 || strings.Count(log, "can be read again") != 1 {
			t.Errorf("the log says:\n%s", log)
		}
	})
}

// A Redis that has lost all has revoked nothing: no new sockets, and those that are
// there stay. What comes back holds.
func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, key("config", "c"))
		r.do(r.store.Add(t.Context(), key("a", "a"), false))
		time.Sleep(moment)
		_, records, err := r.Bus.ListKeys(t.Context(), nil)
		r.do(err)
		if _, err := r.Bus.ForgetKey(t.Context(), "a", records[0].Version); err != nil {
			t.Fatal(err)
		}
		time.Sleep(moment)
		r.admits("a", wire.TokenInvalid)
		r.admits("c", "")
		r.hears("")
		if _, err := r.Bus.PutKey(t.Context(), records[0], 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(moment)
		r.admits("a", "")
		r.hears("")
	})
}

// Who keeps an old record brings nothing back by it.
func TestRolledBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.do(r.store.Add(t.Context(), key("a", "a"), false))
		_, old, err := r.Bus.ListKeys(t.Context(), nil)
		r.do(err)
		time.Sleep(time.Second)
		r.do(r.store.Revoke(t.Context(), "a"))
		time.Sleep(moment)
		r.admits("a", wire.TokenInvalid)
		r.set(func() { r.forged = old })
		time.Sleep(5 * time.Second)
		r.admits("a", wire.TokenInvalid)
		if !strings.Contains(r.log.String(), "older record") {
			t.Error("nobody says so")
		}
	})
}

// A kept key that this version does not understand, or that is at odds with another, is
// left out alone.
func TestLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, key("config", "c"))
		narrower := fmt.Sprintf(`{"Key":{"id":"0","tokens":[{"sha256":%q}],"targets":["wss://ws.example.com/*"],"narrower":true}}`, idOf("n"))
		r.set(func() {
			for i, data := range []string{narrower, `{"Key":{"id":"other"}}`, `{"Key":{"id":"2"}}`, `x`, `{}{}`} {
				r.forged = append(r.forged, bus.KeyRecord{ID: fmt.Sprint(i), Version: 1, Data: []byte(data)})
			}
			same := fmt.Sprintf(`{"Key":{"id":"same","tokens":[{"sha256":%q}],"targets":["wss://ws.example.com/*"]}}`, idOf("c"))
			r.forged = append(r.forged, bus.KeyRecord{ID: "same", Version: 1, Data: []byte(same)})
		})
		r.do(r.store.Add(t.Context(), key("good", "g"), false))
		time.Sleep(5 * time.Second)
		r.admits("g", "")
		r.admits("n", wire.TokenInvalid)
		if g := r.admits("c", ""); g.Key != "config" {
			t.Errorf("the token is of %s", g.Key)
		}
		for _, id := range []string{"0", "1", "2", "3", "4", "same"} {
			if n := strings.Count(r.log.String(), "key="+id+" "); n != 1 {
				t.Errorf("of %s it is said %d times:\n%s", id, n, r.log.String())
			}
		}
	})
}
