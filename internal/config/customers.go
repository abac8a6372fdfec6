package config

import (
	"fmt"
	"log/slog"

	"go.yaml.in/yaml/v4"

	"github.com/polysocket/polysocket/internal/auth"
)

// keysPath is the one key that has records: the customers' keys.
const keysPath = "keys"

// A Keyring is the keys of customers. They are printed as secrets are; a loop gets at
// them.
type Keyring []auth.Key

// Format implements fmt.Formatter, for all verbs.
func (k Keyring) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "[%d keys]", len(k)) }

// MarshalText implements encoding.TextMarshaler, and so for JSON.
func (k Keyring) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", k), nil }

// LogValue implements slog.LogValuer.
func (k Keyring) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(k)) }

// readKeys reads the list of customers' keys. For a relay it is enough that it is
// there: what verifies tokens is none of its business.
func (r *reading) readKeys(n *yaml.Node) {
	r.config.Keys = Keyring{}
	switch {
	case n.Kind != yaml.SequenceNode:
		r.recordFault(n.Line, keysPath, "it takes a list of keys, as - id: acme; [] where there are none here")
		return
	case r.Role == RoleRelay:
		return
	}
	var lines []int
	for i, item := range n.Content {
		c := &record{reading: r, at: fmt.Sprintf("%s[%d]", keysPath, i), line: item.Line, lines: map[string]int{}}
		before := len(r.faults)
		if c.read(item); len(r.faults) == before {
			r.config.Keys = append(r.config.Keys, c.key)
			lines = append(lines, c.line)
		}
	}
	r.keyring(lines)
}

// keyring has the keys looked at together, and names the first that does not go with
// those before.
func (r *reading) keyring(lines []int) {
	ring := func(keys []auth.Key) error {
		_, err := auth.NewKeys(keys, auth.KeysOptions{KeySet: func(string) auth.KeySet { return nil }})
		return err
	}
	if ring(r.config.Keys) == nil {
		return
	}
	for i := range r.config.Keys {
		if err := ring(r.config.Keys[:i+1]); err != nil {
			r.recordFault(lines[i], keysPath, err.Error())
			return
		}
	}
}

func (r *reading) recordFault(line int, key, what string) {
	r.bad = append(r.bad, keysPath)
	r.faults = append(r.faults, Fault{Where: fmt.Sprintf("%s:%d", r.File, line), Key: key, What: what, line: line})
}
