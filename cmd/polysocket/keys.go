package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"github.com/polysocket/polysocket/internal/auth"
	"github.com/polysocket/polysocket/internal/bus/redisbus"
	"github.com/polysocket/polysocket/internal/config"
	"github.com/polysocket/polysocket/internal/keyring"
)

// keysCommands are the commands about the keys that are kept in Redis.
type keysCommands struct {
	Add    keysAdd    `cmd:"" help:"Keep a key in Redis: routers have it at once."`
	List   keysList   `cmd:"" help:"List the keys, those of the configuration too, without their secrets."`
	Show   keysShow   `cmd:"" help:"Show a key that is kept in Redis, without its secret."`
	Revoke keysRevoke `cmd:"" help:"Revoke a key that is kept in Redis, or one of its tokens. Their sockets are closed within seconds."`
}

// A kept is the keys that are kept, as one command has them.
type kept struct {
	keyring.Store
	bus    *redisbus.Bus
	config *config.Config
}

func (m *meeting) open(k *kong.Context) (*kept, error) {
	c, err := m.read(k)
	if err != nil {
		return nil, err
	}
	b, err := meet(c)
	if err != nil {
		return nil, err
	}
	return &kept{keyring.Store{Bus: b}, b, c}, nil
}

// configured tells whether the configuration has a key of the id.
func (s *kept) configured(id string) bool {
	return slices.ContainsFunc(s.config.Keys, func(k auth.Key) bool { return k.ID == id })
}

// atOdds says of keys kept in Redis, by their ids, why they do not hold beside those of the
// configuration.
func (s *kept) atOdds(keys ...auth.Key) (map[string]error, error) {
	_, left, err := auth.MergeKeys(s.config.Keys, keys, auth.KeysOptions{KeySet: func(string) auth.KeySet { return nil }})
	return left, err
}

type keysAdd struct {
	File    string `arg:"" optional:"" help:"The key's record (YAML), as it would stand in the configuration's list of keys; - or none for stdin."`
	Replace bool   `help:"Put it in the place of one of its id, which keeps the tokens that were revoked."`
	meeting `embed:""`
}

// Run reads a record and keeps it.
func (a *keysAdd) Run(ctx context.Context, k *kong.Context) error {
	s, err := sources(a.File, nil, "")
	if a.File == "" || a.File == "-" {
		s, _ = sources("", nil, "")
		s.File = "stdin"
		s.Data, err = io.ReadAll(os.Stdin)
	}
	if err != nil {
		return err
	}
	key, err := config.ReadKey(s)
	if err != nil {
		return err
	}
	store, err := a.open(k)
	if err != nil {
		return err
	}
	defer store.bus.Close()
	if store.configured(key.ID) {
		return fmt.Errorf("the configuration has a key %q, and that one would hold: give this another id, or take that out first", key.ID)
	}
	left, err := store.atOdds(key)
	if err == nil {
		err = left[key.ID]
	}
	if err != nil {
		return fmt.Errorf("beside the configuration's keys it would not hold: %w", err)
	}
	if err := store.Add(ctx, key, a.Replace); err != nil {
		return err
	}
	fmt.Printf("the key %s is kept: every router has it now\n", key.ID)
	return nil
}

type keysList struct {
	meeting `embed:""`
}

// Run prints a table.
func (l *keysList) Run(ctx context.Context, k *kong.Context) error {
	store, err := l.open(k)
	if err != nil {
		return err
	}
	defer store.bus.Close()
	keys, err := store.List(ctx)
	if err != nil {
		return err
	}
	left, err := store.atOdds(keys...)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "KEY\tVERIFIED BY\tTOKENS\tREVOKED\tORIGINS\tTARGETS\tLIMIT\tKEY LIMIT\tRATE\tKEPT IN\n")
	row := func(k auth.Key, in string) {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\n", k.ID, verifiedBy(k), len(k.Tokens), len(k.Revoked),
			len(k.Origins), len(k.Targets), orNoLimit(fmt.Sprint(k.Limit)), orNoLimit(fmt.Sprint(k.KeyLimit)), orNoLimit(k.Rate.String()), in)
	}
	for _, k := range store.config.Keys {
		row(k, "the configuration")
	}
	for _, k := range keys {
		in := "Redis"
		switch {
		case len(k.Targets) == 0: // which every key has
			in += ", and cannot be read"
		case left[k.ID] != nil:
			in += ", and does not hold"
		}
		row(k, in)
	}
	return w.Flush()
}

func orNoLimit(s string) string {
	if s == "0" {
		return "-"
	}
	return s
}

// verifiedBy names what verifies a key's JWTs.
func verifiedBy(k auth.Key) string {
	switch {
	case k.Secret != "":
		return "secret"
	case k.PublicKey != "":
		return "public_key"
	case k.JWKSURL != "":
		return "jwks_url"
	}
	return "-"
}

type keysShow struct {
	Key     string `arg:"" help:"The key's id."`
	meeting `embed:""`
}

// A shown key is one as it would stand in the configuration (JSON is YAML too), but for
// its secret.
type shown struct {
	ID        string             `json:"id"`
	Secret    string             `json:"secret,omitempty"`
	PublicKey string             `json:"public_key,omitempty"`
	JWKSURL   string             `json:"jwks_url,omitempty"`
	Audience  string             `json:"audience,omitempty"`
	Tokens    []auth.OpaqueToken `json:"tokens,omitempty"`
	Revoked   []string           `json:"revoked,omitempty"`
	Origins   []string           `json:"origins,omitempty"`
	Targets   []string           `json:"targets"`
	JSONP     *bool              `json:"jsonp,omitempty"`
	Limit     int                `json:"limit,omitempty"`
	KeyLimit  int                `json:"key_limit,omitempty"`
	Rate      auth.Rate          `json:"rate,omitzero"`
}

// Run prints the key.
func (s *keysShow) Run(ctx context.Context, k *kong.Context) error {
	store, err := s.open(k)
	if err != nil {
		return err
	}
	defer store.bus.Close()
	key, err := store.Get(ctx, s.Key)
	if err != nil {
		return err
	}
	show := shown{
		ID: key.ID, PublicKey: key.PublicKey, JWKSURL: key.JWKSURL, Audience: key.Audience, Tokens: key.Tokens, Revoked: key.Revoked,
		Origins: key.Origins, Targets: key.Targets, Limit: key.Limit, KeyLimit: key.KeyLimit, Rate: key.Rate,
	}
	if key.Secret != "" {
		show.Secret = "[secret]"
	}
	if key.NoJSONP {
		show.JSONP = new(bool)
	}
	text, err := json.MarshalIndent(show, "", "  ")
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	return nil
}
