package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// ErrLocked says that the file is open already, in this process or in another.
var ErrLocked = errors.New("sqlite: the database is in use by another process")

// fileLock is held as long as the store is open, and ends with the process however that ends. It is
// an exclusive transaction on an empty database of its own, because SQLite knows how to lock a file
// on every system, and its lock on the real one would shut out our own readers.
type fileLock struct {
	db   *sql.DB
	conn *sql.Conn
}

func lockFile(ctx context.Context, path string) (_ *fileLock, err error) {
	if err := createFile(path + "-lock"); err != nil {
		return nil, err
	}
	l := &fileLock{}
	defer func() {
		if err != nil {
			l.release()
		}
	}()
	if l.db, err = sql.Open("sqlite", dsn(path+"-lock", "")); err != nil {
		return nil, err
	}
	if l.conn, err = l.db.Conn(ctx); err != nil {
		return nil, err
	}
	if _, err = l.conn.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		if code(err) == lib.SQLITE_BUSY {
			return nil, fmt.Errorf("%w: %s", ErrLocked, path)
		}
		return nil, err
	}
	return l, nil
}

func (l *fileLock) release() {
	if l.conn != nil {
		_ = l.conn.Close()
	}
	if l.db != nil {
		_ = l.db.Close()
	}
}

// code returns SQLite's primary result code, 0 if err is none of SQLite's.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}
