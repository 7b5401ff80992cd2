package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/vechehq/veche/hub"
)

var _ hub.Keeper = (*Store)(nil)

// values are those that are kept, and not committed yet.
type values struct {
	mu      sync.Mutex
	waiting map[string]*value // guarded by mu; bounded by the queue
}

type value struct {
	data  []byte // nil if the key is forgotten
	until time.Time
}

// Keep has the value written in the next transaction. With each two are deleted whose time is over, so that they do not gather.
func (s *Store) Keep(key string, data []byte, until time.Time) {
	v := &value{data, until}
	s.values.mu.Lock()
	defer s.values.mu.Unlock() // the order in the queue is that of the calls
	err := s.queue.put(entry{
		weight: len(key) + len(data),
		chore:  func(w *writer) error { return w.keepValue(key, v) },
		done:   func(*hub.Message, bool, error) { s.values.settle(key, v) },
	})
	if err == nil {
		s.values.waiting[key] = v
	}
}

// settle lets go of a value that is committed, or never will be.
func (vs *values) settle(key string, v *value) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if vs.waiting[key] == v {
		delete(vs.waiting, key)
	}
}

func (w *writer) keepValue(key string, v *value) error {
	if v.data == nil {
		_, err := w.forget.Exec(key)
		return err
	}
	if _, err := w.expire.Exec(time.Now().UnixMilli()); err != nil {
		return err
	}
	_, err := w.keep.Exec(key, v.data, v.until.UnixMilli())
	return err
}

// Kept returns the value that waits to be committed, else that of the last commit.
func (s *Store) Kept(ctx context.Context, key string) (data []byte, err error) {
	s.values.mu.Lock()
	v := s.values.waiting[key]
	s.values.mu.Unlock()
	if v != nil {
		if v.until.Before(time.Now()) {
			return nil, nil
		}
		return v.data, nil
	}
	err = s.queries.kept.QueryRowContext(ctx, key, time.Now().UnixMilli()).Scan(&data)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, unavailable(ctx, "kept", err)
	case data == nil: // it is empty
		data = []byte{}
	}
	return data, nil
}

// trimmed is how many messages one Trim lets go of at most, so that it does not hold up others for long.
const trimmed = 4096

// Trim has the messages deleted in the next transaction, 4,096 at most.
func (s *Store) Trim(room string, first uint64, before time.Time) {
	_ = s.queue.put(entry{
		weight: len(room),
		chore:  func(w *writer) error { return w.trimRoom(room, first, before.UnixMilli()) },
		done:   func(*hub.Message, bool, error) {},
	})
}

func (w *writer) trimRoom(room string, first uint64, before int64) error {
	var id int64
	if err := w.findRoom.QueryRow(room).Scan(&id); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	}
	h, err := w.head(room)
	if err != nil || h.seq == 0 {
		return err
	}
	base := h.room << seqBits
	last := base | int64(h.seq)
	var from int64
	if err := w.firstOf.QueryRow(base, last).Scan(&from); err != nil {
		return err
	}
	_, err = w.trim.Exec(from, min(from+trimmed, last)-1, base|int64(min(first, maxSeq)), before)
	return err
}
