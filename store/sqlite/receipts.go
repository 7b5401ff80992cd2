package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/vechehq/veche/hub"
)

// marks are a receipt's watermarks: read ≤ received ≤ maxSeq.
type marks struct{ received, read uint64 }

func (a marks) max(b marks) marks {
	return marks{max(a.received, b.received), max(a.read, b.read)}
}

// dirtyReceipts are the receipts that are not written yet, each (room, user) once. They are written
// in small transactions of their own, so that they neither fail nor delay a message.
type dirtyReceipts struct {
	wake chan struct{} // holds one token when the first one came

	mu    sync.Mutex // guards what follows
	rooms map[string]map[string]marks
	count int // count ≤ dirtyLimit

	next time.Time // not to be written before; owned by Store.write
}

func (d *dirtyReceipts) init() {
	d.wake = make(chan struct{}, 1)
	d.rooms = make(map[string]map[string]marks)
}

// SaveReceipt keeps r in memory for at most a fraction of a second, then writes it. Of users beyond
// the 65,536th whose receipts wait it is dropped; so is one for a room that has no log.
func (s *Store) SaveReceipt(r hub.Receipt) {
	read := min(r.Read, maxSeq)
	s.receipts.add(r.Room, r.User, marks{received: max(min(r.Received, maxSeq), read), read: read})
}

func (d *dirtyReceipts) add(room, user string, m marks) {
	d.mu.Lock()
	defer d.mu.Unlock()
	old, known := d.rooms[room][user]
	if !known {
		if d.count == dirtyLimit {
			return
		}
		d.count++
	}
	if d.rooms[room] == nil {
		d.rooms[room] = make(map[string]marks)
	}
	d.rooms[room][user] = old.max(m)
	if d.count == 1 {
		select {
		case d.wake <- struct{}{}:
		default:
		}
	}
}

func (d *dirtyReceipts) waiting() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count > 0
}

func (d *dirtyReceipts) due() bool {
	return d.waiting() && !time.Now().Before(d.next)
}

// timer fires when receipts are due, never if there are none.
func (d *dirtyReceipts) timer() (due <-chan time.Time, stop func() bool) {
	if !d.waiting() {
		return nil, func() bool { return false }
	}
	t := time.NewTimer(time.Until(d.next))
	return t.C, t.Stop
}

// some returns at most receiptGroup receipts. They stay here, for readers, until they are written.
func (d *dirtyReceipts) some() []hub.Receipt {
	d.mu.Lock()
	defer d.mu.Unlock()
	var group []hub.Receipt
	for room, users := range d.rooms {
		for user, m := range users {
			if len(group) == receiptGroup {
				return group
			}
			group = append(group, hub.Receipt{Room: room, User: user, Received: m.received, Read: m.read})
		}
	}
	return group
}

// written removes those of the group that have not grown since.
func (d *dirtyReceipts) written(group []hub.Receipt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range group {
		if d.rooms[r.Room][r.User] != (marks{r.Received, r.Read}) {
			continue
		}
		delete(d.rooms[r.Room], r.User)
		d.count--
		if len(d.rooms[r.Room]) == 0 {
			delete(d.rooms, r.Room)
		}
	}
}

// of returns a copy of a room's.
func (d *dirtyReceipts) of(room string) map[string]marks {
	d.mu.Lock()
	defer d.mu.Unlock()
	users := make(map[string]marks, len(d.rooms[room]))
	for user, m := range d.rooms[room] {
		users[user] = m
	}
	return users
}

// flushReceipts writes one group of receipts. When that fails they stay, to be tried again.
func (s *Store) flushReceipts() bool {
	group := s.receipts.some()
	err := s.writer.transaction(func() error {
		for _, r := range group {
			if _, err := s.writer.upsertReceipt.Exec(r.Room, r.User, int64(r.Received), int64(r.Read)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.options.Log.Error("sqlite: receipts are not saved, will try again", "receipts", len(group), "err", err)
		s.receipts.next = time.Now().Add(receiptRetry)
		return false
	}
	s.receipts.written(group)
	s.receipts.next = time.Now().Add(receiptEvery)
	return true
}

// Receipts returns a room's receipts, those not yet written too.
func (s *Store) Receipts(ctx context.Context, room string, limit int) ([]hub.Receipt, error) {
	if limit <= 0 {
		return nil, nil
	}
	users := s.receipts.of(room) // before the read: one that is written meanwhile is seen twice, not never
	if err := s.mergeReceipts(ctx, room, limit, users); err != nil {
		return nil, unavailable(ctx, "receipts", err)
	}
	receipts := make([]hub.Receipt, 0, len(users))
	for user, m := range users {
		receipts = append(receipts, hub.Receipt{Room: room, User: user, Received: m.received, Read: m.read})
	}
	slices.SortFunc(receipts, func(a, b hub.Receipt) int {
		return cmp.Or(cmp.Compare(b.Received, a.Received), cmp.Compare(a.User, b.User))
	})
	return receipts[:min(limit, len(receipts))], nil
}

// mergeReceipts adds to users the written receipts that are theirs, and the limit highest.
func (s *Store) mergeReceipts(ctx context.Context, room string, limit int, users map[string]marks) error {
	names := make([]string, 0, len(users))
	for user := range users {
		names = append(names, user)
	}
	list, err := json.Marshal(names)
	if err != nil {
		return err
	}
	rows, err := s.queries.receipts.QueryContext(ctx, room, limit, string(list))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var user string
		var m marks
		if err := rows.Scan(&user, &m.received, &m.read); err != nil {
			return err
		}
		users[user] = users[user].max(m)
	}
	return rows.Err()
}

// Receipt returns one user's receipt, also when it is not yet written.
func (s *Store) Receipt(ctx context.Context, room, user string) (hub.Receipt, error) {
	dirty := s.receipts.of(room)[user]
	var m marks
	err := s.queries.receipt.QueryRowContext(ctx, room, user).Scan(&m.received, &m.read)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return hub.Receipt{}, unavailable(ctx, "receipt", err)
	}
	m = m.max(dirty)
	return hub.Receipt{Room: room, User: user, Received: m.received, Read: m.read}, nil
}
