package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/vechehq/veche/hub"
)

// Store is a hub.Store in one SQLite file. It is safe for concurrent use, also by several hubs of one
// process.
type Store struct {
	options Options
	epoch   string // immutable after Open

	lock    *fileLock
	writeDB *sql.DB
	readDB  *sql.DB
	queries queries

	queue        queue
	receipts     dirtyReceipts
	values       values
	writer       *writer
	checkpointer *checkpointer
	answers      chan []entry  // from write to answer, in commit order
	ended        chan struct{} // closed when both have returned
	aborted      atomic.Bool   // fail what is not committed yet

	closing  sync.Once
	closeErr error // immutable after closing
}

var _ hub.Store = (*Store)(nil)

func (s *Store) start() {
	s.queue.init(s.options.Queue, s.options.QueueBytes)
	s.receipts.init()
	s.values.waiting = make(map[string]*value)
	s.answers = make(chan []entry, 1)
	s.ended = make(chan struct{})
	go s.write()
	go s.answer()
	go s.checkpointer.run()
}

// Append queues m for the next transaction, within the bounds of Options. An error that done gets
// later than that (hub.ErrUnavailable) means that m was not acknowledged by the disk: nothing of it
// is in the log, or, after a failed fsync and a power cut, it may turn out to be. A retry with the
// same CID is right in both cases.
func (s *Store) Append(m *hub.Message, done func(m *hub.Message, dup bool, err error)) {
	if err := s.queue.put(entry{m: m, done: done}); err != nil {
		done(m, false, err)
	}
}

// write commits groups until the queue is closed and empty. It owns the writer.
func (s *Store) write() {
	defer close(s.answers)
	for {
		group, open := s.queue.take()
		switch {
		case len(group) > 0:
			s.commit(group)
		case !open:
			return
		default:
			s.wait()
		}
		if s.receipts.due() {
			s.flushReceipts()
		}
	}
}

func (s *Store) commit(group []entry) {
	if s.aborted.Load() {
		fail(group)
	} else {
		s.writer.commit(group)
	}
	s.answers <- group
	s.checkpointer.committed(s.writer.conn)
}

// wait returns when there may be something to write.
func (s *Store) wait() {
	due, stop := s.receipts.timer()
	defer stop()
	select {
	case <-s.queue.wake:
	case <-s.receipts.wake:
	case <-due:
	}
}

// answer calls done, while the next transaction runs: what a hub does in there does not delay it.
// When answer falls two groups behind, the writer waits.
func (s *Store) answer() {
	defer close(s.ended)
	for group := range s.answers {
		for i := range group {
			e := group[i]
			group[i] = entry{}
			s.queue.answered(e.size())
			e.answer()
		}
	}
}

// Close commits what was appended, and ends the store. When ctx ends first, it fails what is not yet
// committed with hub.ErrUnavailable, and returns ctx's error.
func (s *Store) Close(ctx context.Context) error {
	s.closing.Do(func() { s.closeErr = s.close(ctx) })
	return s.closeErr
}

func (s *Store) close(ctx context.Context) error {
	s.queue.close()
	var cut error
	select {
	case <-s.ended:
	case <-ctx.Done():
		cut = fmt.Errorf("sqlite: close: %w", context.Cause(ctx))
		s.aborted.Store(true)
		<-s.ended // which takes one transaction
	}
	for s.receipts.waiting() && s.flushReceipts() {
	}
	return errors.Join(cut, s.checkpointer.close(), s.closeFiles())
}

// closeFiles closes what was opened. SQLite moves the write-ahead log into the database by that.
func (s *Store) closeFiles() error {
	var errs []error
	if s.readDB != nil {
		errs = append(errs, s.queries.close(), s.readDB.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.writeDB != nil {
		errs = append(errs, s.writeDB.Close())
	}
	if s.lock != nil {
		s.lock.release()
	}
	return errors.Join(errs...)
}
