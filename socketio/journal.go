package socketio

import (
	"container/list"
	"errors"
	"sync"
	"time"
)

// Journal is where recoverable namespaces keep what was emitted, and who their sockets are. Nodes that share one recover each
// other's sockets. package gateway/socketio has one over a hub.Store, which also outlives the process; [NewMemoryJournal] is one that
// does not.
type Journal interface {
	// Append adds a record to a log, and returns at once. done is called once, in the order of the log: with the record's number,
	// 1, 2, 3 …, when it is kept. It may be called before Append returns.
	Append(log string, record []byte, done func(number uint64, err error))
	// Head returns the number of a log's last record, zero if there is none.
	Head(log string) (number uint64, err error)
	// Read returns the records of a log from a number on, the first limit of them. It is ErrTrimmed if that one is no longer there.
	Read(log string, from uint64, limit int) (records [][]byte, err error)
	// Keep keeps a socket's state in place of the one before, and returns at once. nil forgets it.
	Keep(key string, state []byte)
	// Kept returns the state, nil if there is none.
	Kept(key string) (state []byte, err error)
}

// ErrTrimmed is a record that a Journal no longer has.
var ErrTrimmed = errors.New("socketio: the journal does not go back so far")

// Bounds of a memory journal.
const (
	journalRecords = 16_384   // of a log
	journalBytes   = 16 << 20 // of a log
	journalStates  = 100_000
)

// memoryJournal keeps things for some time.
type memoryJournal struct {
	age time.Duration // immutable

	mu     sync.Mutex // guards what follows
	logs   map[string]*memoryLog
	states map[string]*list.Element // of *memoryState
	order  list.List                // of *memoryState, the oldest first
}

type memoryLog struct {
	first   uint64 // number of records[0]
	records []memoryRecord
	bytes   int
}

type memoryRecord struct {
	at   time.Time
	data []byte
}

type memoryState struct {
	key  string
	at   time.Time
	data []byte
}

// NewMemoryJournal returns a journal in memory, for one node: of each log the last 16,384 records and 16 MiB that are younger than age,
// and the states of 100,000 sockets. Zero means two minutes.
func NewMemoryJournal(age time.Duration) Journal {
	if age <= 0 {
		age = 2 * time.Minute
	}
	return &memoryJournal{age: age, logs: make(map[string]*memoryLog), states: make(map[string]*list.Element)}
}

func (j *memoryJournal) Append(log string, record []byte, done func(uint64, error)) {
	j.mu.Lock()
	l := j.logs[log]
	if l == nil {
		l = &memoryLog{first: 1}
		j.logs[log] = l
	}
	now := time.Now()
	l.records = append(l.records, memoryRecord{now, record})
	l.bytes += len(record)
	for len(l.records) > journalRecords || l.bytes > journalBytes || now.Sub(l.records[0].at) > j.age {
		l.bytes -= len(l.records[0].data)
		l.records[0].data = nil
		l.records = l.records[1:]
		l.first++
	}
	number := l.head()
	j.mu.Unlock()
	done(number, nil)
}

func (l *memoryLog) head() uint64 { return l.first + uint64(len(l.records)) - 1 }

func (j *memoryJournal) Head(log string) (uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if l := j.logs[log]; l != nil {
		return l.head(), nil
	}
	return 0, nil
}

func (j *memoryJournal) Read(log string, from uint64, limit int) (records [][]byte, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	l := j.logs[log]
	switch {
	case l == nil || from > l.head():
		return nil, nil
	case from < l.first:
		return nil, ErrTrimmed
	}
	for _, r := range l.records[from-l.first:] {
		if len(records) == limit {
			break
		}
		records = append(records, r.data)
	}
	return records, nil
}

func (j *memoryJournal) Keep(key string, state []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if e := j.states[key]; e != nil {
		j.forget(e)
	}
	now := time.Now()
	for e := j.order.Front(); e != nil && (j.order.Len() >= journalStates || now.Sub(e.Value.(*memoryState).at) > j.age); e = j.order.Front() {
		j.forget(e)
	}
	if state != nil {
		j.states[key] = j.order.PushBack(&memoryState{key, now, state})
	}
}

func (j *memoryJournal) forget(e *list.Element) {
	delete(j.states, j.order.Remove(e).(*memoryState).key)
}

func (j *memoryJournal) Kept(key string) ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.states[key]
	if e == nil || time.Since(e.Value.(*memoryState).at) > j.age {
		return nil, nil
	}
	return e.Value.(*memoryState).data, nil
}
