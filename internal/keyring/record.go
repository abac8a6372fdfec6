package keyring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/polysocket/polysocket/internal/auth"
)

// A record is a key as the bus keeps it.
type record struct {
	Key auth.Key
	// Until says of some of the key's revoked tokens until when they need to be
	// remembered, in seconds since 1970: their own time is over then.
	Until map[string]int64 `json:",omitempty"`
}

// read reads a record, which names the key of the id. A field that is not known may
// narrow what the key allows, so that a key with one is none.
func read(id string, data []byte) (record, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var r record
	if err := d.Decode(&r); err != nil {
		return record{}, fmt.Errorf("this version does not understand it: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) || r.Key.ID != id {
		return record{}, errors.New("it is not the record of this key")
	}
	return r, nil
}

func (r record) encode() []byte {
	data, _ := json.Marshal(r) // texts and numbers always marshal
	return data
}

// prune drops revoked tokens whose own time is over.
func (r *record) prune(now time.Time) {
	r.Key.Revoked = slices.DeleteFunc(slices.Clone(r.Key.Revoked), func(id string) bool {
		until, known := r.Until[id]
		return known && now.Unix() > until
	})
	maps.DeleteFunc(r.Until, func(id string, _ int64) bool { return !slices.Contains(r.Key.Revoked, id) })
}

// opaque are the ids of a key's opaque tokens.
func opaque(k auth.Key) map[string]bool {
	ids := map[string]bool{}
	for _, t := range k.Tokens {
		ids[t.SHA256] = true
	}
	return ids
}
