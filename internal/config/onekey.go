package config

import (
	"go.yaml.in/yaml/v4"

	"github.com/polysocket/polysocket/internal/auth"
)

// ReadKey reads one key of a customer's, as it would stand in the list of keys, with its
// dash or without. Of the sources Env, File, Data and ReadFile count. The error is Faults.
func ReadKey(s Sources) (auth.Key, error) {
	f := &file{name: s.File}
	n := f.document(s.Data)
	r := reading{Sources: &s, config: new(Config), faults: f.faults}
	if n != nil && n.Kind == yaml.SequenceNode && len(n.Content) == 1 {
		n = n.Content[0]
	}
	switch {
	case len(r.faults) > 0:
	case n == nil || n.Kind != yaml.MappingNode:
		r.faults = Faults{{Where: s.File, What: "it is no key: write one as it would stand in a list of keys, as id: acme, and what else it has below"}}
	}
	if len(r.faults) > 0 {
		return auth.Key{}, r.faults
	}
	c := &record{reading: &r, at: "key", line: n.Line, lines: map[string]int{}}
	if c.read(n); len(r.faults) > 0 {
		r.faults.sort()
		return auth.Key{}, r.faults
	}
	return c.key, nil
}
