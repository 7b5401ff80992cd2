package sqlite

import (
	"sync"
	"time"

	"github.com/vechehq/veche/hub"
)

// entry is one Append on its way, or a chore.
type entry struct {
	m    *hub.Message
	done func(m *hub.Message, dup bool, err error)

	chore  func(w *writer) error // in place of a message; done gets none
	weight int                   // of the chore, in bytes

	// Set by the writer.
	first *hub.Message // the one in the log, when m repeats it
	seq   uint64
	at    int64
	err   error
}

func (e *entry) size() int {
	if e.chore != nil {
		return 256 + e.weight
	}
	m := e.m
	return 256 + len(m.Room) + len(m.From) + len(m.Name) + len(m.CID) + len(m.Kind) + len(m.Body.Type) + len(m.Body.Data)
}

func (e *entry) answer() {
	switch {
	case e.chore != nil:
		e.done(nil, false, e.err)
	case e.err != nil:
		e.done(e.m, false, e.err)
	case e.first != nil:
		e.done(e.first, true, nil)
	default:
		e.m.Seq, e.m.At = e.seq, time.UnixMilli(e.at).UTC()
		e.done(e.m, false, nil)
	}
}

func fail(group []entry) {
	for i := range group {
		group[i].err = hub.ErrUnavailable
	}
}

// queue holds what was appended until the writer takes it, and counts it until it is answered.
type queue struct {
	maxMessages, maxBytes int           // immutable
	wake                  chan struct{} // holds one token when there is something to take

	mu       sync.Mutex // guards what follows
	waiting  []entry
	messages int // waiting, being written, or waiting for their answer: messages ≤ maxMessages
	bytes    int // of those
	closed   bool

	backlog []entry // taken from waiting, not yet written; owned by the taker
}

func (q *queue) init(maxMessages, maxBytes int) {
	q.maxMessages, q.maxBytes = maxMessages, maxBytes
	q.wake = make(chan struct{}, 1)
}

// put fails with hub.ErrBusy above a bound. One message alone may be larger than maxBytes.
func (q *queue) put(e entry) error {
	size := e.size()
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return hub.ErrUnavailable
	case q.messages >= q.maxMessages, q.messages > 0 && q.bytes+size > q.maxBytes:
		return hub.ErrBusy
	}
	q.waiting = append(q.waiting, e)
	q.messages++
	q.bytes += size
	q.signal()
	return nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take returns what goes into one transaction, and false when the queue is closed and empty.
func (q *queue) take() (group []entry, open bool) {
	if len(q.backlog) == 0 {
		q.mu.Lock()
		q.backlog, q.waiting = q.waiting, nil
		open = !q.closed
		q.mu.Unlock()
	}
	n := groupLen(q.backlog)
	group, q.backlog = q.backlog[:n:n], q.backlog[n:]
	return group, open || n > 0
}

// groupLen returns how many of the entries make one group.
func groupLen(entries []entry) int {
	bytes := 0
	for i := range entries {
		bytes += entries[i].size()
		if i == groupMessages || i > 0 && bytes > groupBytes {
			return i
		}
	}
	return len(entries)
}

func (q *queue) answered(size int) {
	q.mu.Lock()
	q.messages--
	q.bytes -= size
	q.mu.Unlock()
}

func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
}
