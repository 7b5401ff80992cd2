package socketio

import (
	"context"
	"time"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/socketio"
)

// Store is what a journal is kept in.
type Store interface {
	hub.Store
	hub.Keeper
}

// JournalOptions are a journal's bounds. The zero value is sensible.
type JournalOptions struct {
	// Age is how long an event is kept, and how long after its last change a socket's state is; seven days.
	Age time.Duration
	// Records is how many events of a namespace are kept; 1,000,000.
	Records int
}

func (o JournalOptions) withDefaults() JournalOptions {
	if o.Age <= 0 {
		o.Age = 7 * 24 * time.Hour
	}
	if o.Records <= 0 {
		o.Records = 1_000_000
	}
	return o
}

// NewJournal returns a journal for recoverable namespaces over a store: it outlives the process as that does, and all nodes that share
// it have the same. A log is a room whose name no client can say; it is trimmed as it grows, and sockets' states end with it.
func NewJournal(s Store, o JournalOptions) socketio.Journal { return journal{s, o.withDefaults()} }

type journal struct {
	store   Store
	options JournalOptions
}

// room names a log: with a control character, which hub.CheckRoom refuses to clients.
func room(name string) string { return "\x01socket.io " + name }

const (
	// journalPatience is how long a store may take to answer.
	journalPatience = 30 * time.Second
	// trimming is how many records are appended between two trims.
	trimming = 256
)

func (j journal) Append(log string, record []byte, done func(uint64, error)) {
	m := &hub.Message{Room: room(log), Body: hub.Body{Format: hub.JSON, Data: record}}
	j.store.Append(m, func(m *hub.Message, _ bool, err error) {
		if err != nil {
			done(0, err)
			return
		}
		if m.Seq%trimming == 0 {
			j.store.Trim(m.Room, m.Seq+1-min(m.Seq, uint64(j.options.Records)), m.At.Add(-j.options.Age))
		}
		done(m.Seq, nil)
	})
}

func (j journal) Head(log string) (uint64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), journalPatience)
	defer cancel()
	s, err := j.store.Room(ctx, room(log))
	return s.Head, err
}

func (j journal) Read(log string, from uint64, limit int) (records [][]byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), journalPatience)
	defer cancel()
	messages, err := j.store.Read(ctx, room(log), from, from+uint64(limit)-1, limit)
	if err == nil && len(messages) == 0 {
		s, err := j.store.Room(ctx, room(log))
		if err == nil && from < s.First {
			err = socketio.ErrTrimmed
		}
		return nil, err
	}
	for i, m := range messages {
		if m.Seq != from+uint64(i) {
			return nil, socketio.ErrTrimmed
		}
		records = append(records, m.Body.Data)
	}
	return records, err
}

// Keep keeps a state. When it is not kept the socket will not recover, which its client is told.
func (j journal) Keep(key string, state []byte) {
	j.store.Keep(room(key), state, time.Now().Add(j.options.Age))
}

func (j journal) Kept(key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), journalPatience)
	defer cancel()
	return j.store.Kept(ctx, room(key))
}
