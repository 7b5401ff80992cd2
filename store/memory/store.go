package memory

import (
	"context"
	"crypto/rand"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/vechehq/veche/hub"
)

// Options are the store's bounds. The zero value is sensible.
type Options struct {
	Messages int // a room keeps; default 1,024
	Bytes    int // a room keeps, of bodies and names; its last message it keeps however large; default 4 MiB
	Rooms    int // default 10,000
	Receipts int // users a room keeps receipts of; the half with the lowest marks is forgotten above it; default 10,000
	Values   int // of Keep; the one that was kept longest ago is forgotten above it; default 100,000
	Queue    int // messages of a room that wait for their done; above it Append fails with hub.ErrBusy; default 1,024
}

func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	for _, f := range []struct {
		value *int
		def   int
	}{
		{&d.Messages, 1024}, {&d.Bytes, 4 << 20}, {&d.Rooms, 10_000}, {&d.Receipts, 10_000}, {&d.Values, 100_000}, {&d.Queue, 1024},
	} {
		if *f.value <= 0 {
			*f.value = f.def
		}
	}
	return d
}

// Store is a hub.Store in memory. It is safe for concurrent use.
//
// Lock order: Store.mu, then a room's.
type Store struct {
	options Options
	epoch   string // of this store; immutable
	seed    maphash.Seed

	mu     sync.Mutex // guards what follows
	rooms  map[string]*room
	recent list // rooms, the longest not written to first
	closed bool
	values values

	// drops counts the rooms that were dropped, by a hash of their name: a bounded way to tell a
	// room that returns from what it was. Rooms of one hash may share a step, which does no harm.
	drops [1024]uint32
}

var _ hub.Store = (*Store)(nil)

// New returns an empty store. nil options are the defaults.
func New(o *Options) *Store {
	s := &Store{
		options: o.withDefaults(),
		epoch:   rand.Text()[:8],
		seed:    maphash.MakeSeed(),
		rooms:   make(map[string]*room),
	}
	s.recent.init()
	s.values.kept = make(map[string]*kept)
	return s
}

// Append puts m into its room's ring. done is called before it returns, or by the goroutine of another
// Append to the room that is calling its own: that one returns when no more came meanwhile.
func (s *Store) Append(m *hub.Message, done func(m *hub.Message, dup bool, err error)) {
	r, err := s.open(m.Room)
	if err != nil {
		done(m, false, err)
		return
	}
	if err := r.append(m, done); err != nil {
		done(m, false, err)
		return
	}
	r.answer()
}

// open returns a room to write to, made if need be.
func (s *Store) open(name string) (*room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, hub.ErrUnavailable
	}
	r, ok := s.rooms[name]
	if ok {
		s.recent.remove(r)
	} else {
		r = newRoom(name, s.epochOf(name), &s.options)
		s.rooms[name] = r
	}
	s.recent.push(r)
	if len(s.rooms) > s.options.Rooms {
		s.drop(s.recent.first())
	}
	return r, nil
}

func (s *Store) drop(r *room) {
	s.recent.remove(r)
	delete(s.rooms, r.name)
	s.drops[s.hash(r.name)]++
}

func (s *Store) hash(name string) int {
	return int(maphash.String(s.seed, name) % uint64(len(s.drops)))
}

// epochOf is the epoch of a room that is not there, now or when it will be made.
func (s *Store) epochOf(name string) string {
	return fmt.Sprintf("%s.%d", s.epoch, s.drops[s.hash(name)])
}

// lookup returns nil for a room that is not there, with the state it would have.
func (s *Store) lookup(name string) (*room, hub.RoomState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, hub.RoomState{}, hub.ErrUnavailable
	}
	return s.rooms[name], hub.RoomState{Epoch: s.epochOf(name), First: 1}, nil
}

// Room returns the state of a room's ring.
func (s *Store) Room(_ context.Context, name string) (hub.RoomState, error) {
	r, state, err := s.lookup(name)
	if r == nil {
		return state, err
	}
	return r.state(), nil
}

// Read returns those of the messages that the ring still holds.
func (s *Store) Read(_ context.Context, name string, from, to uint64, limit int) ([]*hub.Message, error) {
	r, _, err := s.lookup(name)
	if r == nil {
		return nil, err
	}
	return r.read(from, to, limit), nil
}

// SaveReceipt keeps r, unless the room is not there.
func (s *Store) SaveReceipt(r hub.Receipt) {
	if room, _, _ := s.lookup(r.Room); room != nil {
		room.saveReceipt(r)
	}
}

// Receipts returns a room's receipts.
func (s *Store) Receipts(_ context.Context, name string, limit int) ([]hub.Receipt, error) {
	r, _, err := s.lookup(name)
	if r == nil {
		return nil, err
	}
	return r.highest(limit), nil
}

// Receipt returns one user's receipt.
func (s *Store) Receipt(_ context.Context, name, user string) (hub.Receipt, error) {
	r, _, err := s.lookup(name)
	if r == nil {
		return hub.Receipt{Room: name, User: user}, err
	}
	return r.receipt(user), nil
}

// Close ends the store. Nothing waits in it: what was appended is committed.
func (s *Store) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
