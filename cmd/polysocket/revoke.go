package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/keyring"
	"github.com/polysocket/polysocket/internal/wire"
)

type keysRevoke struct {
	Key     string `arg:"" help:"The key's id."`
	Token   string `placeholder:"ID" help:"Revoke one token of the key: its id (the SHA-256 of its text, in hex), or - for its text on stdin."`
	meeting `embed:""`
}

// remembered is for how much longer than its own time a token is known to be revoked:
// clocks differ.
const remembered = time.Hour

// Run revokes, and has the relays close what was opened.
func (r *keysRevoke) Run(ctx context.Context, k *kong.Context) error {
	store, err := r.open(k)
	if err != nil {
		return err
	}
	defer store.bus.Close()
	if store.configured(r.Key) {
		return fmt.Errorf("the key %q is in the configuration: change it there, and send the routers SIGHUP", r.Key)
	}
	if r.Token == "" {
		if err := store.Revoke(ctx, r.Key); err != nil {
			return err
		}
		return store.close(ctx, "the key "+r.Key, []string{r.Key}, nil)
	}
	key, err := store.Get(ctx, r.Key)
	if err != nil {
		return err
	}
	id, until, err := r.token(ctx, key)
	if err != nil {
		return err
	}
	if err := store.RevokeToken(ctx, r.Key, id, until); err != nil {
		return err
	}
	return store.close(ctx, "the token "+id, nil, []string{id})
}

// token is the id of the token, and until when it has to be remembered: zero where that
// is not known.
func (r *keysRevoke) token(ctx context.Context, key auth.Key) (id string, until time.Time, err error) {
	if r.Token != "-" {
		id = strings.ToLower(r.Token)
		if b, err := hex.DecodeString(id); err != nil || len(b) != 32 {
			return "", until, errors.New("--token: write the SHA-256 of the token in hex, 64 digits, or - and give the token's text on stdin: it is not to stand on a command line")
		}
		return id, until, nil
	}
	read, err := io.ReadAll(io.LimitReader(os.Stdin, 2*auth.MaxToken))
	if err != nil {
		return "", until, err
	}
	text := strings.TrimSpace(string(read))
	id = auth.TokenID(text)
	if key.JWKSURL != "" { // nothing is fetched here
		return id, until, nil
	}
	ring, err := auth.NewKeys([]auth.Key{key}, auth.KeysOptions{})
	if err != nil {
		return "", until, err
	}
	g, err := ring.Identify(ctx, text)
	var said *wire.Error
	switch {
	case errors.As(err, &said) && said.Code == wire.TokenExpired:
		return id, time.Now().Add(remembered), nil // its sockets may be open
	case err != nil:
		return "", until, fmt.Errorf("the text on stdin is no token of the key %q: %w", key.ID, err)
	case !g.Expires.IsZero():
		until = g.Expires.Add(remembered)
	}
	return g.Token, until, nil
}

// close has all relays close sockets. Routers do so too; this is for a moment when there
// are none.
func (s *kept) close(ctx context.Context, what string, keys, tokens []string) error {
	told, err := keyring.Close(ctx, s.bus, keys, tokens)
	if err != nil {
		fmt.Printf("%s is revoked; not all relays could be told now, and routers will tell them: %v\n", what, err)
		return nil
	}
	fmt.Printf("%s is revoked; %d relays were told to close its sockets\n", what, told)
	return nil
}
