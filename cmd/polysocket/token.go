package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/keyring"
	"github.com/polysocket/polysocket/token"
)

// tokenCommand prints a token.
type tokenCommand struct {
	Key        string        `required:"" placeholder:"ID" help:"The key, of the configuration or kept in Redis."`
	Target     []string      `sep:"none" placeholder:"PATTERN" help:"What may be opened, as wss://ws.example.com/rooms/7 or wss://*.example.com/chat/*. May be repeated."`
	AllTargets bool          `help:"All that the key allows may be opened."`
	Limit      int           `placeholder:"N" help:"How many sockets may be open at once with it. By default as many as the key allows."`
	TTL        time.Duration `name:"ttl" default:"5m" help:"How long it is taken (${default})."`
	Subject    string        `placeholder:"TEXT" help:"Whose it is: it tells tokens apart that were else the same."`
	PrivateKey string        `placeholder:"FILE" help:"Where the server has a public_key or a jwks_url: the private key (PEM)."`
	Kid        string        `placeholder:"KID" help:"Where it has a jwks_url: the private key's kid in the set."`
	meeting    `embed:""`
}

// Run mints a token, and prints it.
func (t *tokenCommand) Run(ctx context.Context, k *kong.Context) error {
	key, err := t.find(ctx, k)
	if err != nil {
		return err
	}
	signer, err := t.signer(key)
	switch {
	case err != nil:
		return err
	case len(t.Target) == 0 && !t.AllTargets:
		return errors.New("there are no targets, so that nothing could be opened: give some by --target, or --all-targets")
	case len(t.Target) > 0 && t.AllTargets:
		return errors.New("there are --target and --all-targets: leave one of them out")
	}
	text, err := signer.Mint(token.Claims{
		Targets: t.Target, AllTargets: t.AllTargets, Limit: t.Limit, TTL: t.TTL, Subject: t.Subject, Audience: key.Audience,
	})
	if err != nil {
		return err
	}
	if key.JWKSURL == "" {
		ring, err := auth.NewKeys([]auth.Key{key}, auth.KeysOptions{})
		if err == nil {
			_, err = ring.Identify(ctx, text)
		}
		if err != nil {
			return fmt.Errorf("a server with the key %q would not take this token: is it the private key of its public_key? %w", key.ID, err)
		}
	}
	fmt.Println(text)
	return nil
}

// find looks for the key in the configuration, and else in Redis.
func (t *tokenCommand) find(ctx context.Context, k *kong.Context) (auth.Key, error) {
	c, err := t.read(k)
	if err != nil {
		return auth.Key{}, err
	}
	if i := slices.IndexFunc(c.Keys, func(k auth.Key) bool { return k.ID == t.Key }); i >= 0 {
		return c.Keys[i], nil
	}
	b, err := meet(c)
	if err != nil {
		return auth.Key{}, err
	}
	defer b.Close()
	key, err := keyring.Store{Bus: b}.Get(ctx, t.Key)
	if err != nil {
		return key, fmt.Errorf("the configuration has no key %q, and of those in Redis: %w", t.Key, err)
	}
	return key, nil
}

func (t *tokenCommand) signer(key auth.Key) (*token.Key, error) {
	if key.Secret != "" {
		if t.PrivateKey != "" || t.Kid != "" {
			return nil, fmt.Errorf("the key %q has a secret, which signs its tokens: leave --private-key and --kid out", key.ID)
		}
		return token.Secret(key.ID, []byte(key.Secret))
	}
	kid := key.ID
	switch {
	case key.PublicKey == "" && key.JWKSURL == "":
		return nil, fmt.Errorf("the key %q has opaque tokens alone: print one by openssl rand -hex 32, and put its hash among the key's tokens", key.ID)
	case t.PrivateKey == "":
		return nil, fmt.Errorf("the key %q has a %s: give the private key by --private-key", key.ID, verifiedBy(key))
	case key.JWKSURL != "" && t.Kid == "":
		return nil, errors.New("the key has a jwks_url: say by --kid which key of the set the private key is")
	case key.JWKSURL != "":
		kid = t.Kid
	case t.Kid != "":
		return nil, errors.New("--kid is for a key with a jwks_url: leave it out")
	}
	text, err := os.ReadFile(t.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("--private-key: %w", err)
	}
	return token.PEM(kid, text)
}
