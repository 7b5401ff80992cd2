package socketio

import (
	"context"
	"time"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/socketio"
)

// NewJournal returns a journal for recoverable namespaces over a store: it lives as long as that, and all nodes that share it have
// the same. A log is a room whose name no client can say; so is a socket's state, of which the last message counts.
func NewJournal(s hub.Store) socketio.Journal { return journal{s} }

type journal struct{ store hub.Store }

// room names a log or a state: with a control character, which hub.CheckRoom refuses to clients.
func room(name string) string { return "\x01socket.io " + name }

// journalPatience is how long a store may take to answer.
const journalPatience = 30 * time.Second

func (j journal) Append(log string, record []byte, done func(uint64, error)) {
	m := &hub.Message{Room: room(log), Body: hub.Body{Format: hub.JSON, Data: record}}
	j.store.Append(m, func(m *hub.Message, _ bool, err error) {
		if err != nil {
			done(0, err)
			return
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
	for i, m := range messages {
		if m.Seq != from+uint64(i) {
			return nil, socketio.ErrTrimmed
		}
		records = append(records, m.Body.Data)
	}
	return records, err
}

func (j journal) Keep(key string, state []byte) {
	if state == nil {
		state = []byte("null")
	}
	m := &hub.Message{Room: room(key), Body: hub.Body{Format: hub.JSON, Data: state}}
	j.store.Append(m, func(*hub.Message, bool, error) {}) // without it the socket will not recover, which its client is told
}

func (j journal) Kept(key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), journalPatience)
	defer cancel()
	s, err := j.store.Room(ctx, room(key))
	if err != nil || s.Head == 0 {
		return nil, err
	}
	messages, err := j.store.Read(ctx, room(key), s.Head, s.Head, 1)
	if err != nil || len(messages) == 0 || string(messages[0].Body.Data) == "null" {
		return nil, err
	}
	return messages[0].Body.Data, nil
}
