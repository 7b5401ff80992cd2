// Bugs: each in the place where a real one of its kind would be.

package main

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // for forget

	"github.com/vechehq/veche/hub"
)

// forget takes the last message of each room out of the database, as a store might that comes back from a crash.
func forget(path string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec("DELETE FROM message WHERE id IN (SELECT max(id) FROM message GROUP BY id >> 36)")
	return err
}

// dropping acknowledges every two-hundredth message and does not store it: it takes it for a repetition of the one
// before.
type dropping struct {
	hub.Store
	count atomic.Int64
	last  sync.Map // room → the last message stored
}

func (s *dropping) Append(m *hub.Message, done func(*hub.Message, bool, error)) {
	if before, ok := s.last.Load(m.Room); ok && s.count.Add(1)%200 == 0 {
		first := before.(*hub.Message)
		go done(first, true, nil)
		return
	}
	s.Store.Append(m, func(m *hub.Message, dup bool, err error) {
		if err == nil {
			s.last.Store(m.Room, m)
		}
		done(m, dup, err)
	})
}

// doubling does not know a retry: it stores the message again.
type doubling struct{ hub.Store }

var attempts atomic.Int64

func (s doubling) Append(m *hub.Message, done func(*hub.Message, bool, error)) {
	m.CID = fmt.Sprint(m.CID, "#", attempts.Add(1))
	s.Store.Append(m, done)
}

// swapping holds back every hundredth message until its sender has sent another.
type swapping struct {
	hub.Store
	mu    sync.Mutex
	count int
	held  map[string]func() // by sender
}

func (s *swapping) Append(m *hub.Message, done func(*hub.Message, bool, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[string]func(){}
	}
	if s.count++; s.count%100 == 0 && s.held[m.From] == nil {
		s.held[m.From] = func() { s.Store.Append(m, done) }
		return
	}
	s.Store.Append(m, done)
	if late := s.held[m.From]; late != nil {
		delete(s.held, m.From)
		late()
	}
}

// forging remembers receipts higher than they were.
type forging struct{ hub.Store }

func (s forging) Receipts(ctx context.Context, room string, limit int) ([]hub.Receipt, error) {
	rs, err := s.Store.Receipts(ctx, room, limit)
	for i := range rs {
		rs[i].Received += 100_000
	}
	return rs, err
}

// haunted is a bus on which another node says that everybody who comes is there too, and never that they leave.
type haunted struct {
	mu   sync.Mutex
	tell []func(hub.Notice)
}

func (b *haunted) Subscribe(f func(hub.Notice)) (cancel func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tell = append(b.tell, f)
	return func() {}
}

func (b *haunted) Publish(n hub.Notice) {
	if n.Presence == nil || len(n.Presence.Joined) == 0 {
		return
	}
	ghost := hub.Notice{Node: "elsewhere", Room: n.Room, Presence: &hub.Presence{Room: n.Room, Joined: n.Presence.Joined}}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.tell {
		go f(ghost) // a lock of the hub may be held
	}
}
