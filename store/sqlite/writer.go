package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/vechehq/veche/hub"
	lib "modernc.org/sqlite/lib"
)

// A message's id is its room's id and its seq.
const (
	seqBits = 36
	maxSeq  = 1<<seqBits - 1
)

// writer turns groups into transactions. It is owned by Store.write.
type writer struct {
	log  *slog.Logger
	conn *sql.Conn

	begin, commitTx, rollback *sql.Stmt
	findRoom, addRoom         *sql.Stmt
	findHead, findCID         *sql.Stmt
	insert, upsertReceipt     *sql.Stmt
	keep, expire, forget      *sql.Stmt
	firstOf, trim             *sql.Stmt

	// heads are the ends of logs as of the running transaction. Nobody else writes the file (see
	// fileLock), so they stay true.
	heads map[string]*head

	complained time.Time
}

type head struct {
	room int64
	seq  uint64
	at   int64
}

func newWriter(ctx context.Context, s *Store) (w *writer, err error) {
	w = &writer{log: s.options.Log, heads: make(map[string]*head)}
	if w.conn, err = s.writeDB.Conn(ctx); err != nil {
		return nil, err
	}
	for _, q := range []struct {
		stmt **sql.Stmt
		sql  string
	}{
		{&w.begin, "BEGIN IMMEDIATE"},
		{&w.commitTx, "COMMIT"},
		{&w.rollback, "ROLLBACK"},
		{&w.findRoom, "SELECT id FROM room WHERE name = ?"},
		{&w.addRoom, "INSERT INTO room (name) VALUES (?)"},
		{&w.findHead, "SELECT id, at FROM message WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1"},
		{&w.findCID, "SELECT " + messageColumns + " FROM message WHERE id >> 36 = ? AND cid = ? AND sender = ? AND cid <> ''"},
		{&w.insert, `INSERT INTO message (id, at, sender, name, cid, kind, format, type, body)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id >> 36, cid, sender) WHERE cid <> '' DO NOTHING`},
		{&w.upsertReceipt, `INSERT INTO receipt (room, user, received, read)
			SELECT id, ?2, ?3, ?4 FROM room WHERE name = ?1
			ON CONFLICT (room, user) DO UPDATE SET
				received = max(received, excluded.received), read = max(read, excluded.read)`},
		{&w.keep, `INSERT INTO kept (key, value, until) VALUES (?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until`},
		{&w.forget, "DELETE FROM kept WHERE key = ?"},
		{&w.expire, "DELETE FROM kept WHERE key IN (SELECT key FROM kept WHERE until < ? ORDER BY until LIMIT 2)"},
		{&w.firstOf, "SELECT id FROM message WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1"},
		{&w.trim, "DELETE FROM message WHERE id BETWEEN ? AND ? AND (id < ? OR at < ?)"},
	} {
		if *q.stmt, err = w.conn.PrepareContext(ctx, q.sql); err != nil {
			_ = w.conn.Close()
			return nil, err
		}
	}
	return w, nil
}

// commit writes the group in one transaction and notes in each entry what became of it. The
// transaction fails as a whole, or a message alone when it is itself at fault.
func (w *writer) commit(group []entry) {
	err := w.transaction(func() error {
		now := time.Now().UnixMilli()
		for i := range group {
			if err := w.add(&group[i], now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.complain("a transaction failed", err)
		fail(group)
	}
}

func (w *writer) transaction(f func() error) error {
	_, err := w.begin.Exec()
	if err == nil {
		err = f()
	}
	if err == nil {
		_, err = w.commitTx.Exec()
	}
	if err != nil {
		_, _ = w.rollback.Exec() // SQLite may have done it already
		clear(w.heads)
	}
	return err
}

// add puts one message at the end of its room's log, or finds the one it repeats, or does a chore. It returns an error
// when the transaction cannot go on.
func (w *writer) add(e *entry, now int64) error {
	if e.chore != nil {
		err := e.chore(w)
		if isOwnFault(err) {
			w.complain("a value cannot be kept", err)
			return nil
		}
		return err
	}
	h, err := w.head(e.m.Room)
	if err != nil {
		return err
	}
	e.seq, e.at = h.seq+1, max(now, h.at)
	added, err := w.insertMessage(h.room, e)
	switch {
	case err == nil && added:
		h.seq, h.at = e.seq, e.at
		return nil
	case err == nil:
		e.first, err = w.findFirst(h.room, e.m)
		return err
	case isOwnFault(err):
		w.complain("a message cannot be stored", err)
		e.err = hub.ErrUnavailable
		delete(w.heads, e.m.Room)
		return nil
	}
	return err
}

var errRoomFull = errors.New("the room has no seq left")

func (w *writer) insertMessage(room int64, e *entry) (added bool, err error) {
	if e.seq > maxSeq {
		return false, errRoomFull
	}
	m := e.m
	body := m.Body.Data
	if body == nil {
		body = []byte{} // nil would be NULL
	}
	r, err := w.insert.Exec(room<<seqBits|int64(e.seq), e.at, m.From, m.Name, m.CID, m.Kind, int64(m.Body.Format), m.Body.Type, body)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

// isOwnFault tells a message that SQLite will never take from a transaction that failed.
func isOwnFault(err error) bool {
	switch code(err) {
	case lib.SQLITE_CONSTRAINT, lib.SQLITE_TOOBIG, lib.SQLITE_MISMATCH:
		return true
	}
	return errors.Is(err, errRoomFull)
}

func (w *writer) findFirst(room int64, m *hub.Message) (*hub.Message, error) {
	first := &hub.Message{Room: m.Room}
	err := scanMessage(w.findCID.QueryRow(room, m.CID, m.From), first)
	return first, err
}

// head returns the end of a room's log, and creates the room.
func (w *writer) head(room string) (*head, error) {
	if h, ok := w.heads[room]; ok {
		return h, nil
	}
	h, err := w.loadHead(room)
	if err != nil {
		return nil, fmt.Errorf("head of a room: %w", err)
	}
	if len(w.heads) >= cachedRooms {
		for name := range w.heads { // any one
			delete(w.heads, name)
			break
		}
	}
	w.heads[room] = h
	return h, nil
}

func (w *writer) loadHead(room string) (*head, error) {
	h := &head{}
	err := w.findRoom.QueryRow(room).Scan(&h.room)
	if errors.Is(err, sql.ErrNoRows) {
		r, err := w.addRoom.Exec(room)
		if err != nil {
			return nil, err
		}
		h.room, err = r.LastInsertId()
		return h, err
	}
	if err != nil {
		return nil, err
	}
	var id int64
	err = w.findHead.QueryRow(h.room<<seqBits, h.room<<seqBits|maxSeq).Scan(&id, &h.at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	h.seq = uint64(id & maxSeq)
	return h, nil
}

// complain logs an error, once a second at most: a full disk fails thousands of groups.
func (w *writer) complain(what string, err error) {
	if time.Since(w.complained) >= time.Second {
		w.complained = time.Now()
		w.log.Error("sqlite: "+what, "err", err)
	}
}

func (w *writer) close() error {
	return w.conn.Close() // and its statements
}
