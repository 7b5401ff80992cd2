package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/store/storetest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDirVar); dir != "" {
		crashChild(dir)
	}
	goleak.VerifyTestMain(m)
}

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Driver{
		Open:    func(t testing.TB, dir string) hub.Store { return openIn(t, dir, &Options{Queue: 4096}) },
		Durable: true,
		Queue:   4096,
	})
}

func openIn(t testing.TB, dir string, o *Options) *Store {
	t.Helper()
	s, err := Open(filepath.Join(dir, "veche.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// openQuiet opens a store that is closed by the test, and whose complaints are expected.
func openQuiet(t *testing.T) (*Store, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	s := openIn(t, t.TempDir(), &Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s, &log
}

func exec(t *testing.T, s *Store, sql string) {
	t.Helper()
	if _, err := s.writer.conn.ExecContext(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// send appends a message and returns what done was told.
func send(s *Store, m *hub.Message) (*hub.Message, bool, error) {
	type result struct {
		m   *hub.Message
		dup bool
		err error
	}
	answer := make(chan result, 1)
	s.Append(m, func(m *hub.Message, dup bool, err error) { answer <- result{m, dup, err} })
	r := <-answer
	return r.m, r.dup, r.err
}

func body(n int) hub.Body { return hub.Body{Format: hub.Bytes, Data: make([]byte, n)} }

// TestSettings looks at what durability hangs on.
func TestSettings(t *testing.T) {
	s, _ := openQuiet(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2"} {
		var got string
		if err := s.writer.conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, err %v, want %q", pragma, got, err, want)
		}
	}
	if _, err := s.readDB.Exec("DELETE FROM message"); err == nil {
		t.Error("a reader may write")
	}
}

func TestFileModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "rooms?mode=ro#x%20y") // a path is not a URL
	s := openIn(t, dir, nil)
	defer s.Close(t.Context())
	if _, _, err := send(s, &hub.Message{Room: "room", From: "ann"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{
		".": fs.ModeDir | 0o700, "veche.db": 0o600, "veche.db-wal": 0o600, "veche.db-shm": 0o600, "veche.db-lock": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestOneOwner(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir, nil)
	path := filepath.Join(dir, "veche.db")
	if _, err := Open(path, nil); !errors.Is(err, ErrLocked) {
		t.Errorf("a second Open: %v, want %v", err, ErrLocked)
	}
	if got := crashRun(t, dir); got != "error: "+ErrLocked.Error()+": "+path+"\n" {
		t.Errorf("another process says %q", got)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := openIn(t, dir, nil).Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "veche.db")
	if err := os.WriteFile(path, bytes.Repeat([]byte("not a database. "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(path, nil); err == nil {
		s.Close(t.Context())
		t.Error("it was opened")
	}
}

// TestDiskFull fills the disk, so to speak, and frees it.
func TestDiskFull(t *testing.T) {
	s, log := openQuiet(t)
	exec(t, s, "PRAGMA max_page_count = 60")
	const n = 100
	answers := make(chan error, n)
	for i := range n {
		s.Append(&hub.Message{Room: "room", From: "ann", CID: string(rune('a' + i)), Body: body(8 << 10)},
			func(_ *hub.Message, _ bool, err error) { answers <- err })
	}
	failed := 0
	for range n {
		if err := <-answers; errors.Is(err, hub.ErrUnavailable) {
			failed++
		} else if err != nil {
			t.Errorf("Append: %v, want %v", err, hub.ErrUnavailable)
		}
	}
	if failed == 0 || log.Len() == 0 {
		t.Fatalf("%d messages failed, logged %q", failed, log)
	}
	checkLog(t, s, "room", n-failed)

	exec(t, s, "PRAGMA max_page_count = 100000")
	stored := 0
	for i := range n { // all once more, as their senders would
		_, dup, err := send(s, &hub.Message{Room: "room", From: "ann", CID: string(rune('a' + i)), Body: body(8 << 10)})
		if err != nil {
			t.Fatalf("after there is space: %v", err)
		}
		if dup {
			stored++
		}
	}
	if stored != n-failed {
		t.Errorf("%d retries were dup, want the %d that were acknowledged", stored, n-failed)
	}
	checkLog(t, s, "room", n)
}

// TestReceiptsOnFullDisk keeps receipts that cannot be written, and lets messages pass.
func TestReceiptsOnFullDisk(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir, &Options{Log: slog.New(slog.DiscardHandler)})
	if _, _, err := send(s, &hub.Message{Room: "room", From: "ann"}); err != nil {
		t.Fatal(err)
	}
	exec(t, s, "CREATE TEMP TRIGGER full BEFORE INSERT ON main.receipt BEGIN SELECT RAISE(ABORT, 'full'); END")
	s.SaveReceipt(hub.Receipt{Room: "room", User: "bob", Received: 1})
	for range 3 {
		if _, _, err := send(s, &hub.Message{Room: "room", From: "ann"}); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := s.Receipt(t.Context(), "room", "bob"); err != nil || r.Received != 1 {
		t.Errorf("while it cannot be written: %+v, err %v", r, err)
	}
	exec(t, s, "DROP TRIGGER full")
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = openIn(t, dir, nil)
	defer s.Close(t.Context())
	if r, err := s.Receipt(t.Context(), "room", "bob"); err != nil || r.Received != 1 {
		t.Errorf("after Close: %+v, err %v", r, err)
	}
}

// TestPoison has one message in a group that SQLite refuses: it alone fails.
func TestPoison(t *testing.T) {
	s, _ := openQuiet(t)
	exec(t, s, "CREATE TRIGGER poison BEFORE INSERT ON message WHEN new.kind = 'poison' BEGIN SELECT RAISE(ABORT, 'poison'); END")
	var group []entry
	for _, kind := range []string{"", "poison", "", "poison", ""} {
		group = append(group, entry{m: &hub.Message{Room: "room", From: "ann", Kind: kind}})
	}
	s.writer.commit(group)
	for i, e := range group {
		if poisoned := e.m.Kind != ""; poisoned != (e.err != nil) || poisoned && !errors.Is(e.err, hub.ErrUnavailable) {
			t.Errorf("message %d, kind %q: %v", i, e.m.Kind, e.err)
		}
	}
	checkLog(t, s, "room", 3)
}

// TestRoomFull comes to the last seq: the room refuses, and the next one's log stays its own.
func TestRoomFull(t *testing.T) {
	s, _ := openQuiet(t)
	for _, room := range []string{"full", "next"} {
		if _, _, err := send(s, &hub.Message{Room: room, From: "ann"}); err != nil {
			t.Fatal(err)
		}
	}
	exec(t, s, "UPDATE message SET id = (id >> 36 << 36) | 68719476735 WHERE id >> 36 = 1")
	clear(s.writer.heads)
	if _, _, err := send(s, &hub.Message{Room: "full", From: "ann"}); !errors.Is(err, hub.ErrUnavailable) {
		t.Errorf("Append to a room without seq left: %v, want %v", err, hub.ErrUnavailable)
	}
	if st, err := s.Room(t.Context(), "full"); err != nil || st.Head != maxSeq {
		t.Errorf("the full room: %+v, err %v", st, err)
	}
	checkLog(t, s, "next", 1)
}

// TestClockWentBack finds the room's last message in the future.
func TestClockWentBack(t *testing.T) {
	s, _ := openQuiet(t)
	if _, _, err := send(s, &hub.Message{Room: "room", From: "ann"}); err != nil {
		t.Fatal(err)
	}
	future := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	exec(t, s, fmt.Sprintf("UPDATE message SET at = %d", future.UnixMilli()))
	clear(s.writer.heads)
	for range 2 {
		m, _, err := send(s, &hub.Message{Room: "room", From: "ann"})
		if err != nil || !m.At.Equal(future) {
			t.Errorf("at %v, err %v, want %v", m.At, err, future)
		}
	}
}

// TestCloseCutShort closes with a context that has ended: what is not committed fails, what is
// acknowledged stays.
func TestCloseCutShort(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir, nil)
	const n = 20_000 // more than the groups that are committed while the first answer is held
	answers := make(chan error, n)
	for i := range n {
		s.Append(&hub.Message{Room: "room", From: "ann", Body: body(100)}, func(_ *hub.Message, _ bool, err error) {
			for i == 0 && !s.aborted.Load() { // until Close has lost patience
				runtime.Gosched()
			}
			answers <- err
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v, want %v", err, context.Canceled)
	}
	acked := 0
	for range n {
		if err := <-answers; err == nil {
			acked++
		} else if !errors.Is(err, hub.ErrUnavailable) {
			t.Errorf("Append: %v, want %v", err, hub.ErrUnavailable)
		}
	}
	if acked == n {
		t.Error("nothing was cut short")
	}
	s = openIn(t, dir, nil)
	defer s.Close(t.Context())
	checkLog(t, s, "room", acked)
}

// TestQueueBytes fills the queue by size.
func TestQueueBytes(t *testing.T) {
	var q queue
	q.init(100, 1000)
	big := entry{m: &hub.Message{Body: body(5000)}}
	small := entry{m: &hub.Message{}}
	for i, step := range []struct {
		put  *entry
		want error
	}{
		{&big, nil}, // alone it may
		{&small, hub.ErrBusy},
		{nil, nil},
		{&small, nil}, {&small, nil}, {&small, nil},
		{&small, hub.ErrBusy},
		{&big, hub.ErrBusy},
	} {
		if step.put == nil {
			group, _ := q.take()
			q.answered(group[0].size())
			continue
		}
		if err := q.put(*step.put); !errors.Is(err, step.want) {
			t.Errorf("step %d: %v, want %v", i, err, step.want)
		}
	}
}

func TestGroupLen(t *testing.T) {
	large, small := entry{m: &hub.Message{Body: body(groupBytes)}}, entry{m: &hub.Message{}}
	for _, c := range []struct {
		entries []entry
		want    int
	}{
		{nil, 0},
		{[]entry{small, small}, 2},
		{[]entry{large, small}, 1},
		{[]entry{small, large, small}, 1},
		{make5000(small), groupMessages},
	} {
		if got := groupLen(c.entries); got != c.want {
			t.Errorf("of %d entries %d make a group, want %d", len(c.entries), got, c.want)
		}
	}
}

func make5000(e entry) []entry {
	all := make([]entry, 5000)
	for i := range all {
		all[i] = e
	}
	return all
}

// TestLogIsBounded lets a reader hold the write-ahead log, which grows above its limit, and end: then
// the log begins anew.
func TestLogIsBounded(t *testing.T) {
	s, _ := openQuiet(t)
	const limit = 256 << 10
	s.checkpointer.limit, s.checkpointer.every, s.checkpointer.retry = limit, 1, 0
	n := 0
	grow := func() {
		n++
		if _, _, err := send(s, &hub.Message{Room: "room", From: "ann", Body: body(64 << 10)}); err != nil {
			t.Fatal(err)
		}
	}
	grow()
	reader, err := s.readDB.Query("SELECT id FROM message")
	if err != nil {
		t.Fatal(err)
	}
	reader.Next()
	for range 10 {
		grow()
	}
	if size := logSize(t, s); size < limit {
		t.Errorf("the log has %d bytes though a reader looks at it", size)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); logSize(t, s) > limit; grow() {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("the log stays above its limit")
		}
	}
	checkLog(t, s, "room", n)
}

// logSize is how much of the write-ahead log's file is in use, in bytes.
func logSize(t *testing.T, s *Store) int64 {
	t.Helper()
	for {
		var busy, frames, copied int64
		if err := s.readDB.QueryRow("PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &frames, &copied); err != nil {
			t.Fatal(err)
		}
		if busy == 0 { // no other checkpoint runs
			return frames * pageSize
		}
	}
}

func checkCount(t *testing.T, s *Store, room string) int {
	t.Helper()
	st, err := s.Room(t.Context(), room)
	if err != nil {
		t.Fatal(err)
	}
	return int(st.Head)
}

// checkLog checks that the log is 1..n.
func checkLog(t *testing.T, s *Store, room string, n int) {
	t.Helper()
	messages, err := s.Read(t.Context(), room, 1, maxSeq, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if len(messages) != n {
		t.Fatalf("room %q holds %d messages, want %d", room, len(messages), n)
	}
	for i, m := range messages {
		if m.Seq != uint64(i+1) {
			t.Fatalf("room %q: message %d has seq %d", room, i+1, m.Seq)
		}
	}
}
