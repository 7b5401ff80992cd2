package local

import (
	"sync"

	"github.com/vechehq/veche/hub"
)

// subscriber is one f and what waits for it.
type subscriber struct {
	bus *Bus
	f   func(hub.Notice)

	spare []hub.Notice // the slice that waiting will be; owned by the goroutine that tells

	mu      sync.Mutex // guards what follows
	waiting []hub.Notice
	heads   map[headKey]int // index in waiting of the wake-ups
	telling bool            // a goroutine calls f
}

type headKey struct{ node, room string }

// put never waits.
func (s *subscriber) put(n hub.Notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.add(n) || s.telling {
		return
	}
	s.telling = true
	s.bus.goroutines.Go(s.tell)
}

func (s *subscriber) add(n hub.Notice) bool {
	if n.Head == 0 {
		if len(s.waiting)-len(s.heads) >= s.bus.options.Signals {
			return false
		}
		s.waiting = append(s.waiting, n)
		return true
	}
	key := headKey{n.Node, n.Room}
	if i, waits := s.heads[key]; waits {
		s.waiting[i].Head = max(s.waiting[i].Head, n.Head)
		return true
	}
	if len(s.heads) >= s.bus.options.Rooms {
		return false
	}
	s.heads[key] = len(s.waiting)
	s.waiting = append(s.waiting, n)
	return true
}

// tell calls f until nothing waits.
func (s *subscriber) tell() {
	for {
		batch := s.take()
		if batch == nil {
			return
		}
		for _, n := range batch {
			s.f(n)
		}
		clear(batch)
		s.spare = batch
	}
}

// take returns what waits. When nothing does, it ends the telling and returns nil.
func (s *subscriber) take() []hub.Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.telling = false
		return nil
	}
	batch := s.waiting
	s.waiting, s.spare = s.spare[:0], nil
	clear(s.heads)
	return batch
}

// clear drops what waits.
func (s *subscriber) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.waiting)
	s.waiting = s.waiting[:0]
	clear(s.heads)
}
