package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/vechehq/veche/hub"
)

// failer is what testing.TB and rapid.T have in common here.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// patience is how long a test waits for what must happen, on a slow machine.
const patience = 30 * time.Second

// open opens a store that the test closes.
func open(t *testing.T, d Driver) hub.Store {
	t.Helper()
	return openAt(t, d, t.TempDir())
}

func openAt(t *testing.T, d Driver, dir string) hub.Store {
	t.Helper()
	s := d.Open(t, dir)
	t.Cleanup(func() { shut(t, s) })
	return s
}

func shut(t failer, s hub.Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// result is what done was told.
type result struct {
	m   *hub.Message
	dup bool
	err error
}

// send appends and waits for the answer.
func send(t failer, s hub.Store, m *hub.Message) result {
	t.Helper()
	answer := make(chan result, 1)
	s.Append(m, func(m *hub.Message, dup bool, err error) { answer <- result{m, dup, err} })
	select {
	case r := <-answer:
		return r
	case <-time.After(patience):
		t.Fatalf("no answer to Append after %v", patience)
		return result{}
	}
}

// mustSend is send of a new message.
func mustSend(t failer, s hub.Store, m *hub.Message) *hub.Message {
	t.Helper()
	r := send(t, s, m)
	if r.err != nil || r.dup {
		t.Fatalf("Append(%s by %s, cid %q): dup %v, err %v; want a new message", m.Room, m.From, m.CID, r.dup, r.err)
	}
	return r.m
}

func readAll(t failer, s hub.Store, room string) []*hub.Message {
	t.Helper()
	messages, err := s.Read(context.Background(), room, 0, ^uint64(0), 1<<20)
	if err != nil {
		t.Fatalf("Read(%q): %v", room, err)
	}
	return messages
}

func state(t failer, s hub.Store, room string) hub.RoomState {
	t.Helper()
	r, err := s.Room(context.Background(), room)
	if err != nil {
		t.Fatalf("Room(%q): %v", room, err)
	}
	return r
}

// await waits for wg, or fails saying what did not come.
func await(t failer, wg *sync.WaitGroup, what string) {
	t.Helper()
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("still waiting for %s after %v", what, patience)
	}
}

func text(room, from, cid, body string) *hub.Message {
	return &hub.Message{Room: room, From: from, Name: "Name of " + from, CID: cid, Body: hub.Body{Format: hub.Text, Data: []byte(body)}}
}

// stored is what a store keeps of a message, to compare.
type stored struct {
	Room, From, Name, CID, Kind, Type, Data string
	Seq                                     uint64
	At                                      time.Time
	Format                                  hub.Format
}

func content(m *hub.Message) stored {
	return stored{
		Room: m.Room, From: m.From, Name: m.Name, CID: m.CID, Kind: m.Kind, Type: m.Body.Type, Data: string(m.Body.Data),
		Seq: m.Seq, At: m.At, Format: m.Body.Format,
	}
}

func contents(messages []*hub.Message) []stored {
	var all []stored
	for _, m := range messages {
		all = append(all, content(m))
	}
	return all
}

// checkWhole checks that the room's log is 1..n without holes.
func checkWhole(t failer, s hub.Store, room string, n int) []*hub.Message {
	t.Helper()
	messages := readAll(t, s, room)
	if len(messages) != n {
		t.Fatalf("room %q holds %d messages, want %d", room, len(messages), n)
	}
	for i, m := range messages {
		if m.Seq != uint64(i+1) {
			t.Fatalf("room %q: message %d has seq %d", room, i+1, m.Seq)
		}
	}
	if st := state(t, s, room); st.Head != uint64(n) || st.First != 1 {
		t.Fatalf("room %q: first %d, head %d, want 1, %d", room, st.First, st.Head, n)
	}
	return messages
}
