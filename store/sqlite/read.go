package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/vechehq/veche/hub"
)

// queries are the readers' statements.
type queries struct {
	room, read, receipts, receipt, kept *sql.Stmt
}

const messageColumns = "id, at, sender, name, cid, kind, format, type, body"

func (q *queries) prepare(ctx context.Context, db *sql.DB) (err error) {
	for _, p := range []struct {
		stmt **sql.Stmt
		sql  string
	}{
		{&q.room, `SELECT
			(SELECT min(id) FROM message WHERE id BETWEEN room.id << 36 AND room.id << 36 | 68719476735),
			(SELECT max(id) FROM message WHERE id BETWEEN room.id << 36 AND room.id << 36 | 68719476735)
			FROM room WHERE name = ?`},
		{&q.read, "SELECT " + messageColumns + ` FROM message
			WHERE id BETWEEN (SELECT id FROM room WHERE name = ?1) << 36 | ?2
			             AND (SELECT id FROM room WHERE name = ?1) << 36 | ?3
			ORDER BY id LIMIT ?4`},
		{&q.receipts, `WITH here (id) AS (SELECT id FROM room WHERE name = ?1)
			SELECT user, received, read FROM (
				SELECT user, received, read FROM receipt WHERE room = (SELECT id FROM here)
				ORDER BY received DESC, user LIMIT ?2)
			UNION
			SELECT user, received, read FROM receipt WHERE room = (SELECT id FROM here)
				AND user IN (SELECT value FROM json_each(?3))`},
		{&q.receipt, "SELECT received, read FROM receipt WHERE room = (SELECT id FROM room WHERE name = ?) AND user = ?"},
		{&q.kept, "SELECT value FROM kept WHERE key = ? AND until >= ?"},
	} {
		if *p.stmt, err = db.PrepareContext(ctx, p.sql); err != nil {
			return err
		}
	}
	return nil
}

func (q *queries) close() error {
	var errs []error
	for _, s := range []*sql.Stmt{q.room, q.read, q.receipts, q.receipt, q.kept} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}

// Room returns the state of a room's log as of the last commit.
func (s *Store) Room(ctx context.Context, name string) (hub.RoomState, error) {
	state := hub.RoomState{Epoch: s.epoch, First: 1}
	var first, head sql.NullInt64
	err := s.queries.room.QueryRowContext(ctx, name).Scan(&first, &head)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return hub.RoomState{}, unavailable(ctx, "room", err)
	}
	if head.Valid {
		state.First, state.Head = uint64(first.Int64&maxSeq), uint64(head.Int64&maxSeq)
	}
	return state, nil
}

// Read returns messages as of the last commit.
func (s *Store) Read(ctx context.Context, room string, from, to uint64, limit int) ([]*hub.Message, error) {
	from, to = max(from, 1), min(to, maxSeq)
	if from > to || limit <= 0 {
		return nil, nil
	}
	rows, err := s.queries.read.QueryContext(ctx, room, int64(from), int64(to), limit)
	if err != nil {
		return nil, unavailable(ctx, "read", err)
	}
	defer rows.Close()
	var messages []*hub.Message
	for rows.Next() {
		m := &hub.Message{Room: room}
		if err := scanMessage(rows, m); err != nil {
			return nil, unavailable(ctx, "read", err)
		}
		messages = append(messages, m)
	}
	if err := rows.Err(); err != nil {
		return nil, unavailable(ctx, "read", err)
	}
	return messages, nil
}

// scanMessage reads messageColumns.
func scanMessage(row interface{ Scan(...any) error }, m *hub.Message) error {
	var id, at int64
	err := row.Scan(&id, &at, &m.From, &m.Name, &m.CID, &m.Kind, &m.Body.Format, &m.Body.Type, &m.Body.Data)
	m.Seq, m.At = uint64(id&maxSeq), time.UnixMilli(at).UTC()
	return err
}

// unavailable keeps the detail for logs; clients see hub.ErrUnavailable. A caller that gave up gets
// its own reason.
func unavailable(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("sqlite: %s: %w", what, context.Cause(ctx))
	}
	return fmt.Errorf("sqlite: %s: %w: %w", what, hub.ErrUnavailable, err)
}
