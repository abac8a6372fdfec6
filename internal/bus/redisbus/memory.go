package redisbus

import "time"

// A memory keeps values by key for a time that is the same for all, and no more of
// them than a bound. It is guarded by its owner.
type memory[V any] struct {
	lasts  time.Duration
	most   int
	values map[string]V
	order  []kept // by until
}

type kept struct {
	key   string
	until time.Time
}

func newMemory[V any](lasts time.Duration, most int) memory[V] {
	return memory[V]{lasts: lasts, most: most, values: make(map[string]V)}
}

// put keeps a value under a key that is new. It is false where the key is known, or
// there is no room.
func (m *memory[V]) put(key string, v V, now time.Time) bool {
	m.forget(now)
	if _, known := m.values[key]; known || len(m.order) >= m.most {
		return false
	}
	m.values[key] = v
	m.order = append(m.order, kept{key, now.Add(m.lasts)})
	return true
}

// forget drops what is over.
func (m *memory[V]) forget(now time.Time) {
	over := 0
	for over < len(m.order) && !now.Before(m.order[over].until) {
		delete(m.values, m.order[over].key)
		over++
	}
	m.order = m.order[over:]
}

func (m *memory[V]) get(key string, now time.Time) (V, bool) {
	m.forget(now)
	v, ok := m.values[key]
	return v, ok
}
