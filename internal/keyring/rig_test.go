package keyring_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus"
	"github.com/polysocket/polysocket/internal/bus/membus"
	"github.com/polysocket/polysocket/internal/keyring"
	"github.com/polysocket/polysocket/internal/wire"
	"github.com/polysocket/polysocket/token"
)

// A journal is what was logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// A rig is a keyring on a bus that can be away, and relays that note what they are told.
type rig struct {
	*testing.T
	*membus.Bus
	keyring *keyring.Keyring
	store   keyring.Store
	log     journal

	mu     sync.Mutex
	away   bool
	deaf   map[string]bool // nodes that cannot be told
	nodes  []string
	told   []string // node, and what
	sets   []string // that are kept
	forged []bus.KeyRecord
}

func newRig(t *testing.T, config ...auth.Key) *rig {
	r := &rig{T: t, Bus: membus.New(), nodes: []string{"relay"}, deaf: map[string]bool{}}
	r.store = keyring.Store{Bus: r.Bus}
	var err error
	r.keyring, err = keyring.New(keyring.Options{Bus: r, Sets: r, Log: slog.New(slog.NewTextHandler(&r.log, nil))}, config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.keyring.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return r
}

var errAway = errors.New("it is away")

func (r *rig) ListKeys(ctx context.Context, known map[string]uint64) ([]string, []bus.KeyRecord, error) {
	r.mu.Lock()
	away, forged := r.away, slices.Clone(r.forged)
	r.mu.Unlock()
	if away {
		return nil, nil, errAway
	}
	ids, records, err := r.Bus.ListKeys(ctx, known)
	for _, f := range forged {
		ids = append(ids, f.ID)
		records = append(slices.DeleteFunc(records, func(r bus.KeyRecord) bool { return r.ID == f.ID }), f)
	}
	return ids, records, err
}

func (r *rig) Nodes(context.Context) ([]bus.Node, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return nil, errAway
	}
	var nodes []bus.Node
	for _, id := range r.nodes {
		nodes = append(nodes, bus.Node{ID: id})
	}
	return nodes, nil
}

func (r *rig) Tell(_ context.Context, node string, c bus.CloseSockets) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.deaf[node] {
		return errAway
	}
	if c.Code != wire.ClosePolicy || c.Reason == "" || c.Sockets != nil {
		r.Errorf("told %+v", c)
	}
	for _, id := range c.Keys {
		r.told = append(r.told, node+" key "+id)
	}
	for _, id := range c.Tokens {
		r.told = append(r.told, node+" token "+id[:4])
	}
	return nil
}

func (r *rig) Set(string) auth.KeySet { return noSet{} }
func (r *rig) Keep(urls []string)     { r.set(func() { r.sets = urls }) }

type noSet struct{}

func (noSet) Find(string) []crypto.PublicKey { return nil }
func (noSet) Refetch() <-chan struct{}       { c := make(chan struct{}); close(c); return c }

// set changes the rig.
func (r *rig) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// heard is what relays were told since it was last asked.
func (r *rig) heard() string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.told)
	told := strings.Join(r.told, ", ")
	r.told = nil
	return told
}

func (r *rig) hears(want string) {
	r.Helper()
	if got := r.heard(); got != want {
		r.Errorf("relays were told %q, want %q", got, want)
	}
}

// admits checks what the keyring says of a token: empty for yes.
func (r *rig) admits(token string, want wire.ErrorCode) auth.Grant {
	r.Helper()
	target, _ := wire.ParseTarget("wss://ws.example.com/x")
	g, err := r.keyring.Authorize(r.Context(), auth.Request{Token: token, Target: target})
	var said *wire.Error
	switch {
	case err == nil && want == "":
	case !errors.As(err, &said) || said.Code != want:
		r.Errorf("the token gets %v, want %q", err, want)
	}
	return g
}

const moment = 500 * time.Millisecond

func idOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// key is one with opaque tokens.
func key(id string, tokens ...string) auth.Key {
	k := auth.Key{ID: id, Targets: []string{"wss://ws.example.com/*"}}
	for _, text := range tokens {
		k.Tokens = append(k.Tokens, auth.OpaqueToken{SHA256: idOf(text)})
	}
	return k
}

// signing is a key with a secret, and a token of it.
func signing(t *testing.T, id string) (auth.Key, string) {
	t.Helper()
	k := key(id)
	k.Secret = "a secret of " + id + strings.Repeat(".", 32)
	signer, err := token.Secret(id, []byte(k.Secret))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signer.Mint(token.Claims{AllTargets: true, TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return k, text
}

func (r *rig) do(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}
