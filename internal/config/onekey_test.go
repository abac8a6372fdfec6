package config_test

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/polysocket/polysocket/internal/config"
)

func TestReadKey(t *testing.T) {
	read := func(yaml string) (string, error) {
		k, err := config.ReadKey(config.Sources{
			File: "acme.yaml", Data: []byte(yaml),
			Env: func(name string) (string, bool) {
				if name == "ACME_SECRET" {
					return strings.Repeat("s", 32), true
				}
				return "", false
			},
			ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
		})
		if err == nil && (k.Secret != strings.Repeat("s", 32) || len(k.Targets) != 1) {
			t.Errorf("%q: %+v", yaml, k)
		}
		return k.ID, err
	}
	const good = "id: acme\nsecret: env:ACME_SECRET\ntargets: ['wss://ws.example.com/*']\n"
	for _, yaml := range []string{good, "# of a customer\n- " + strings.ReplaceAll(good, "\n", "\n  ")} {
		if id, err := read(yaml); id != "acme" || err != nil {
			t.Errorf("%q: %s %v", yaml, id, err)
		}
	}
	for yaml, want := range map[string]string{
		"":     "it is no key",
		"acme": "it is no key",
		"[]":   "it is no key",
		"- " + strings.ReplaceAll(good, "\n", "\n  ") + "\n- id: b": "it is no key",
		"id: [":                                "not YAML",
		good + "---\n":                         "second document",
		good + "colour: red\n":                 "acme.yaml:4: key: \"colour\" is no field",
		good + "limit: -1\n":                   "acme.yaml:4: key",
		"id: acme\nsecret: env:NONE\n":         "acme.yaml:2: key.secret",
		"id: acme\ntargets: ['wss://a/*']\n":   "verifies no token",
		"id: a b\n" + good[len("id: acme\n"):]: "id",
		"id: acme\nsecret: short and secret\n": "acme.yaml:2",
	} {
		if id, err := read(yaml); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "short and secret") {
			t.Errorf("%q: %s %v", yaml, id, err)
		}
	}
}
