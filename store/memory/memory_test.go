package memory

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Driver{
		Open:  func(testing.TB, string) hub.Store { return New(nil) },
		Queue: 1024,
	})
}

// send appends a message that must be new, and returns its seq.
func send(t testing.TB, s *Store, room, cid string, bytes int) uint64 {
	t.Helper()
	m := &hub.Message{Room: room, From: "ann", CID: cid, Body: hub.Body{Data: make([]byte, bytes)}}
	s.Append(m, func(_ *hub.Message, dup bool, err error) {
		if err != nil || dup {
			t.Errorf("Append(%q, cid %q): dup %v, err %v", room, cid, dup, err)
		}
	})
	return m.Seq
}

func checkState(t *testing.T, s *Store, room string, first, head uint64) {
	t.Helper()
	st, err := s.Room(t.Context(), room)
	if err != nil || st.First != first || st.Head != head {
		t.Errorf("room %q: %+v, err %v, want %d..%d", room, st, err, first, head)
	}
	messages, err := s.Read(t.Context(), room, 0, head+10, 1<<20)
	if err != nil || uint64(len(messages)) != head+1-first {
		t.Fatalf("room %q: read %d messages, err %v, want %d..%d", room, len(messages), err, first, head)
	}
	for i, m := range messages {
		if m.Seq != first+uint64(i) {
			t.Errorf("room %q: seq %d at %d", room, m.Seq, i)
		}
	}
}

func TestTrimByCount(t *testing.T) {
	s := New(&Options{Messages: 10})
	for i := range 1000 {
		send(t, s, "room", fmt.Sprint(i), 0)
		checkState(t, s, "room", uint64(max(1, i-8)), uint64(i+1))
	}
	// A cid lives as long as its message.
	var dup bool
	s.Append(&hub.Message{Room: "room", From: "ann", CID: "999"}, func(m *hub.Message, d bool, _ error) { dup = d && m.Seq == 1000 })
	if !dup {
		t.Error("the last message's cid is forgotten")
	}
	if seq := send(t, s, "room", "0", 0); seq != 1001 {
		t.Errorf("a trimmed message's cid gave seq %d, want 1001", seq)
	}
	if n := len(s.rooms["room"].cids); n != 10 {
		t.Errorf("%d cids are remembered, want 10", n)
	}
}

func TestTrimByBytes(t *testing.T) {
	s := New(&Options{Bytes: 10_000})
	for range 20 {
		send(t, s, "room", "", 1000)
	}
	checkState(t, s, "room", 13, 20) // eight of 1,131 bytes each
	send(t, s, "room", "", 50_000)
	checkState(t, s, "room", 21, 21)
	send(t, s, "room", "", 1)
	checkState(t, s, "room", 22, 22)
}

func TestRoomsAreBounded(t *testing.T) {
	s := New(&Options{Rooms: 3})
	epoch := func(room string) string {
		st, err := s.Room(t.Context(), room)
		if err != nil {
			t.Fatal(err)
		}
		return st.Epoch
	}
	for _, room := range []string{"a", "b", "c", "a"} {
		send(t, s, room, "", 0)
	}
	s.SaveReceipt(hub.Receipt{Room: "b", User: "ann", Received: 1})
	was := map[string]string{"a": epoch("a"), "b": epoch("b"), "c": epoch("c")}

	send(t, s, "d", "", 0) // b is the one not written to for longest
	checkState(t, s, "a", 1, 2)
	checkState(t, s, "b", 1, 0)
	checkState(t, s, "c", 1, 1)
	asked := epoch("b")
	if asked == was["b"] {
		t.Error("a dropped room kept its epoch")
	}
	send(t, s, "b", "", 0)
	checkState(t, s, "b", 1, 1)
	if got := epoch("b"); got != asked {
		t.Errorf("the epoch was %q when it was asked for and became %q", asked, got)
	}
	if got := epoch("a"); got != was["a"] {
		t.Errorf("a room that stayed changed its epoch from %q to %q", was["a"], got)
	}
	if r, err := s.Receipt(t.Context(), "b", "ann"); err != nil || r.Received != 0 {
		t.Errorf("a dropped room kept a receipt: %+v, err %v", r, err)
	}
	if len(s.rooms) != 3 {
		t.Errorf("%d rooms, want 3", len(s.rooms))
	}
}

func TestReceiptsAreBounded(t *testing.T) {
	s := New(&Options{Receipts: 100})
	for range 1000 {
		send(t, s, "room", "", 0)
	}
	for i := range uint64(1000) {
		s.SaveReceipt(hub.Receipt{Room: "room", User: fmt.Sprint(i), Received: i + 1})
		if n := len(s.rooms["room"].receipts); n > 100 {
			t.Fatalf("%d receipts, want at most 100", n)
		}
	}
	highest, err := s.Receipts(t.Context(), "room", 50)
	if err != nil || len(highest) != 50 || highest[0].Received != 1000 || highest[49].Received != 951 {
		t.Errorf("%d receipts, err %v, of %+v", len(highest), err, highest)
	}
	s.SaveReceipt(hub.Receipt{Room: "unknown", User: "ann", Received: 1})
	if len(s.rooms) != 1 {
		t.Error("a receipt made a room")
	}
}

// TestQueueDrains holds a done while others fill the queue, and finds it empty afterwards.
func TestQueueDrains(t *testing.T) {
	s := New(&Options{Queue: 4})
	held, release := make(chan struct{}), make(chan struct{})
	var first sync.WaitGroup
	first.Go(func() {
		s.Append(&hub.Message{Room: "room"}, func(*hub.Message, bool, error) {
			close(held)
			<-release
		})
	})
	<-held
	for range 4 {
		send(t, s, "room", "", 0)
	}
	var err error
	s.Append(&hub.Message{Room: "room"}, func(_ *hub.Message, _ bool, e error) { err = e })
	if !errors.Is(err, hub.ErrBusy) {
		t.Errorf("Append to a full queue: %v, want %v", err, hub.ErrBusy)
	}
	send(t, s, "another", "", 0) // is not held up
	close(release)
	first.Wait()
	for range 100 {
		send(t, s, "room", "", 0)
	}
	checkState(t, s, "room", 1, 105)
}

func BenchmarkAppend(b *testing.B) {
	body := hub.Body{Data: make([]byte, 100)}
	done := func(_ *hub.Message, _ bool, err error) {
		if err != nil {
			b.Error(err)
		}
	}
	b.Run("rooms=1", func(b *testing.B) {
		s := New(nil)
		b.ReportAllocs()
		for b.Loop() {
			s.Append(&hub.Message{Room: "room", From: "ann", Body: body}, done)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		s := New(nil)
		b.ReportAllocs()
		b.RunParallel(func(p *testing.PB) {
			m := hub.Message{Room: fmt.Sprintf("%p", p), From: "ann", Body: body}
			for p.Next() {
				s.Append(&hub.Message{Room: m.Room, From: m.From, Body: m.Body}, done)
			}
		})
	})
}
