package memory

import (
	"context"
	"time"

	"github.com/vechehq/veche/hub"
)

var _ hub.Keeper = (*Store)(nil)

// values are what Keep was given, and the order of that.
type values struct {
	kept  map[string]*kept
	order []*kept // the longest ago first, those too that were replaced; at most twice as many as kept, and 16
}

type kept struct {
	key   string
	value []byte // nil when it was replaced or forgotten
	until time.Time
}

// Keep keeps a value in memory.
func (s *Store) Keep(key string, value []byte, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	v := &s.values
	v.forget(key)
	if value == nil {
		return
	}
	k := &kept{key, value, until}
	v.kept[key] = k
	v.order = append(v.order, k)
	for len(v.kept) > s.options.Values {
		if oldest := v.order[0]; oldest.value != nil {
			v.forget(oldest.key)
		}
		v.order = v.order[1:]
	}
	v.tidy()
}

// forget forgets a key's value.
func (v *values) forget(key string) {
	if k := v.kept[key]; k != nil {
		k.value = nil
		delete(v.kept, key)
	}
}

// tidy lets go of what is over, when there is much of it.
func (v *values) tidy() {
	if len(v.order) < 2*len(v.kept)+16 {
		return
	}
	now, live := time.Now(), v.order[:0]
	for _, k := range v.order {
		switch {
		case k.value == nil:
		case k.until.Before(now):
			v.forget(k.key)
		default:
			live = append(live, k)
		}
	}
	clear(v.order[len(live):])
	v.order = live
}

// Kept returns the value.
func (s *Store) Kept(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, hub.ErrUnavailable
	}
	if k := s.values.kept[key]; k != nil && !k.until.Before(time.Now()) {
		return k.value, nil
	}
	return nil, nil
}

// Trim lets go of the messages at once.
func (s *Store) Trim(room string, first uint64, before time.Time) {
	if r, _, _ := s.lookup(room); r != nil {
		r.trim(first, before)
	}
}
