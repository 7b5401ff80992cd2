package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
)

// checkpointer keeps the write-ahead log bounded. Its goroutine copies the log into the database,
// which takes long and disturbs nobody. While messages keep coming it never catches up, and the log
// can only begin anew when all of it is copied: so when it has become long, the writer copies the
// little that is left between two groups, and waits walPatience at most for readers of the rest.
// A longer reader makes the log grow until it ends.
type checkpointer struct {
	log  *slog.Logger
	db   *sql.DB       // of one connection
	wake chan struct{} // holds one token when there is much to copy; closed at the end
	done chan struct{} // closed when the goroutine has returned
	long atomic.Bool   // the log is above walLimit, nearly all of it copied

	limit int64 // bytes; immutable, as the next two
	every int   // pages
	retry time.Duration

	// Owned by the writer.
	pages int       // written since it last asked for a copy
	tried time.Time // when it last tried to begin the log anew
}

func newCheckpointer(path string, o *Options) (*checkpointer, error) {
	c := &checkpointer{
		log: o.Log, limit: walLimit, every: checkpointPages, retry: walRetry,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	var err error
	c.db, err = sql.Open("sqlite", dsn(path, o.VFS, "synchronous(full)", fmt.Sprintf("busy_timeout(%d)", lockPatience)))
	return c, err
}

func (c *checkpointer) run() {
	defer close(c.done)
	for range c.wake {
		var busy, frames, copied int64
		err := c.db.QueryRow("PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &frames, &copied)
		if err != nil {
			c.log.Warn("sqlite: checkpoint", "err", err)
		}
		c.long.Store(frames*pageSize > c.limit)
	}
}

// committed is called by the writer after each transaction.
func (c *checkpointer) committed(conn *sql.Conn) {
	if c.pages += pagesWritten(conn); c.pages >= c.every {
		c.pages = 0
		select {
		case c.wake <- struct{}{}:
		default: // it is at it
		}
	}
	if c.long.Load() && time.Since(c.tried) >= c.retry {
		c.tried = time.Now()
		c.long.Store(false)
		c.beginAnew(conn)
	}
}

// beginAnew does not fail when readers are in the way: then the log goes on.
func (c *checkpointer) beginAnew(conn *sql.Conn) {
	_, err := conn.ExecContext(context.Background(), fmt.Sprintf(
		"PRAGMA busy_timeout = %d; PRAGMA wal_checkpoint(RESTART); PRAGMA busy_timeout = %d", walPatience, lockPatience))
	if err != nil {
		c.log.Warn("sqlite: checkpoint", "err", err)
	}
}

// pagesWritten is how many pages a connection has written since it was last asked.
func pagesWritten(conn *sql.Conn) (pages int) {
	_ = conn.Raw(func(dc any) (err error) {
		pages, _, err = dc.(sqlite.DBStatus).Status(sqlite.DBStatusCacheWrite, true)
		return err
	})
	return pages
}

// close waits for a copy that runs.
func (c *checkpointer) close() error {
	close(c.wake)
	<-c.done
	return c.db.Close()
}
