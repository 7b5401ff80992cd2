package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/hub"
)

func testOrder(t *testing.T, d Driver) {
	s := open(t, d)
	for i := range 20 {
		m := mustSend(t, s, text("order", "ann", fmt.Sprint("c", i), fmt.Sprint(i)))
		if m.Seq != uint64(i+1) {
			t.Fatalf("message %d got seq %d", i+1, m.Seq)
		}
	}
	if m := mustSend(t, s, text("another", "ann", "c0", "")); m.Seq != 1 {
		t.Fatalf("the first message of another room got seq %d", m.Seq)
	}
	for i, m := range checkWhole(t, s, "order", 20) {
		if string(m.Body.Data) != fmt.Sprint(i) {
			t.Errorf("seq %d holds %q, want %q", m.Seq, m.Body.Data, fmt.Sprint(i))
		}
	}
}

// testCommitOrder appends without waiting: the order of calls is the order of seq, and of done.
func testCommitOrder(t *testing.T, d Driver) {
	s := open(t, d)
	const n = 500
	var wg sync.WaitGroup
	wg.Add(n)
	var told []uint64 // by done, which is not called twice at once for a room
	calls := make([]int, n)
	for i := range n {
		m := text("order", "ann", "", fmt.Sprint(i))
		s.Append(m, func(got *hub.Message, dup bool, err error) {
			defer wg.Done()
			if err != nil || dup || got != m {
				t.Errorf("message %d: dup %v, err %v, the message itself: %v", i, dup, err, got == m)
				return
			}
			calls[i]++
			told = append(told, got.Seq)
		})
	}
	await(t, &wg, "500 answers")
	for i, seq := range told {
		if seq != uint64(i+1) || calls[i] != 1 {
			t.Fatalf("answer %d was seq %d; done of message %d was called %d times", i+1, seq, i, calls[i])
		}
	}
	for i, m := range checkWhole(t, s, "order", n) {
		if string(m.Body.Data) != fmt.Sprint(i) {
			t.Fatalf("seq %d holds message %s, want %d", m.Seq, m.Body.Data, i)
		}
	}
}

// testConcurrent has many senders in many rooms, each with several messages in flight.
func testConcurrent(t *testing.T, d Driver) {
	s := open(t, d)
	const rooms, senders, each = 8, 10, 40
	var wg sync.WaitGroup
	for r := range rooms {
		room := fmt.Sprint("room", r)
		var last atomic.Uint64
		for sender := range senders {
			wg.Go(func() {
				var answers sync.WaitGroup
				for i := range each {
					answers.Add(1)
					s.Append(text(room, fmt.Sprint("u", sender), fmt.Sprint(i), fmt.Sprintf("%d/%d", sender, i)),
						func(m *hub.Message, dup bool, err error) {
							defer answers.Done()
							if err != nil || dup {
								t.Errorf("%s: dup %v, err %v", room, dup, err)
							} else if !last.CompareAndSwap(m.Seq-1, m.Seq) {
								t.Errorf("%s: told of seq %d after %d", room, m.Seq, last.Load())
							}
						})
				}
				answers.Wait()
			})
		}
	}
	await(t, &wg, "all senders' answers")
	for r := range rooms {
		next := map[string]int{}
		for _, m := range checkWhole(t, s, fmt.Sprint("room", r), senders*each) {
			if want := fmt.Sprint(next[m.From]); m.CID != want {
				t.Fatalf("%s: message %s of %s came when %s was due", m.Room, m.CID, m.From, want)
			}
			next[m.From]++
		}
	}
}

func testTime(t *testing.T, d Driver) {
	s := open(t, d)
	begin := time.Now().Truncate(time.Millisecond)
	for i := range 50 {
		mustSend(t, s, text("time", "ann", "", fmt.Sprint(i)))
	}
	end := time.Now()
	last := begin
	for _, m := range checkWhole(t, s, "time", 50) {
		switch {
		case m.At.Location() != time.UTC, m.At.Nanosecond()%1e6 != 0:
			t.Fatalf("seq %d: at %v, want UTC and whole milliseconds", m.Seq, m.At)
		case m.At.Before(last), m.At.After(end):
			t.Fatalf("seq %d: at %v, want between %v and %v", m.Seq, m.At, last, end)
		}
		last = m.At
	}
}

func testDup(t *testing.T, d Driver) {
	s := open(t, d)
	first := mustSend(t, s, text("dup", "ann", "c1", "first"))
	mustSend(t, s, text("dup", "ann", "c2", "between"))

	again := send(t, s, text("dup", "ann", "c1", "second"))
	if again.err != nil || !again.dup {
		t.Fatalf("the same cid again: dup %v, err %v", again.dup, again.err)
	}
	if diff := cmp.Diff(content(first), content(again.m)); diff != "" {
		t.Errorf("the same cid again is answered by another message (-first +answer):\n%s", diff)
	}
	mustSend(t, s, text("dup", "bob", "c1", "another sender"))
	mustSend(t, s, text("dup2", "ann", "c1", "another room"))
	mustSend(t, s, text("dup", "ann", "C1", "another case"))
	mustSend(t, s, text("dup", "ann", "c1 ", "a space more"))
	checkWhole(t, s, "dup", 5)
}

func testDupInOneGroup(t *testing.T, d Driver) {
	s := open(t, d)
	const n = 300
	var wg sync.WaitGroup
	answers := make([]result, n)
	for i := range n {
		wg.Add(1)
		s.Append(text("dup", "ann", fmt.Sprint("c", i/3), fmt.Sprint(i)), func(m *hub.Message, dup bool, err error) {
			answers[i] = result{m, dup, err}
			wg.Done()
		})
	}
	await(t, &wg, "300 answers")
	for i, r := range answers {
		if r.err != nil || r.dup != (i%3 != 0) || r.m.Seq != uint64(i/3+1) || string(r.m.Body.Data) != fmt.Sprint(i/3*3) {
			t.Fatalf("message %d: dup %v, err %v, told %+v", i, r.dup, r.err, content(r.m))
		}
	}
	checkWhole(t, s, "dup", n/3)
}

func testDupConcurrent(t *testing.T, d Driver) {
	s := open(t, d)
	const senders, each = 8, 30
	var wg sync.WaitGroup
	var fresh atomic.Int32
	var seqs [each]atomic.Uint64
	for range senders {
		wg.Go(func() {
			for i := range each {
				r := send(t, s, text("dup", "ann", fmt.Sprint("c", i), ""))
				if r.err != nil {
					t.Errorf("c%d: %v", i, r.err)
					return
				}
				if !r.dup {
					fresh.Add(1)
				}
				if !seqs[i].CompareAndSwap(0, r.m.Seq) && seqs[i].Load() != r.m.Seq {
					t.Errorf("c%d got seq %d and seq %d", i, seqs[i].Load(), r.m.Seq)
				}
			}
		})
	}
	await(t, &wg, "all senders")
	if fresh.Load() != each {
		t.Errorf("%d answers were not dup, want %d", fresh.Load(), each)
	}
	checkWhole(t, s, "dup", each)
}

func testNoCIDNoDup(t *testing.T, d Driver) {
	s := open(t, d)
	for range 5 {
		mustSend(t, s, text("nocid", "ann", "", "the same"))
	}
	checkWhole(t, s, "nocid", 5)
}

// testBusy holds one done, so that answers pile up until Append refuses.
func testBusy(t *testing.T, d Driver) {
	s := open(t, d)
	held, release := make(chan struct{}), make(chan struct{})
	var taken sync.WaitGroup
	taken.Add(1)
	go s.Append(text("busy", "ann", "", ""), func(*hub.Message, bool, error) {
		close(held)
		<-release
		taken.Done()
	})
	select {
	case <-held:
	case <-time.After(patience):
		t.Fatal("no answer to the first message")
	}

	accepted, refused := 1, false
	for range 8*d.Queue + 100_000 {
		taken.Add(1)
		s.Append(text("busy", "bob", "", ""), func(_ *hub.Message, _ bool, err error) {
			if errors.Is(err, hub.ErrBusy) {
				refused = true // at once, on the goroutine of Append
			} else if err != nil {
				t.Errorf("Append: %v", err)
			}
			taken.Done()
		})
		if refused {
			break
		}
		accepted++
	}
	close(release)
	await(t, &taken, "the answers of what was accepted")
	if !refused {
		t.Fatalf("a queue of %d took %d messages", d.Queue, accepted)
	}
	if head := state(t, s, "busy").Head; head != uint64(accepted) {
		t.Errorf("%d messages were accepted, the log holds %d", accepted, head)
	}
	mustSend(t, s, text("busy", "ann", "", "after all"))
}

// testAppendInDone appends from within done.
func testAppendInDone(t *testing.T, d Driver) {
	s := open(t, d)
	var wg sync.WaitGroup
	wg.Add(50)
	var again func(m *hub.Message, dup bool, err error)
	again = func(m *hub.Message, _ bool, err error) {
		if err != nil {
			t.Errorf("Append: %v", err)
		}
		if m.Seq < 50 {
			s.Append(text("done", "ann", "", ""), again)
		}
		wg.Done()
	}
	s.Append(text("done", "ann", "", ""), again)
	await(t, &wg, "50 answers, each of which appended")
	checkWhole(t, s, "done", 50)
}

func testClose(t *testing.T, d Driver) {
	s := open(t, d)
	mustSend(t, s, text("close", "ann", "", ""))
	shut(t, s)
	if r := send(t, s, text("close", "ann", "", "")); !errors.Is(r.err, hub.ErrUnavailable) {
		t.Errorf("Append after Close: %v, want %v", r.err, hub.ErrUnavailable)
	}
	if _, err := s.Read(context.Background(), "close", 1, 1, 1); !errors.Is(err, hub.ErrUnavailable) {
		t.Errorf("Read after Close: %v, want %v", err, hub.ErrUnavailable)
	}
	if _, err := s.Room(context.Background(), "close"); !errors.Is(err, hub.ErrUnavailable) {
		t.Errorf("Room after Close: %v, want %v", err, hub.ErrUnavailable)
	}
	s.SaveReceipt(hub.Receipt{Room: "close", User: "ann", Received: 1})
	shut(t, s) // once more
}

// testCloseCommits closes while messages are on their way: every one is answered, and those that were
// acknowledged are there.
func testCloseCommits(t *testing.T, d Driver) {
	dir := t.TempDir()
	s := openAt(t, d, dir)
	const n = 300
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		s.Append(text("close", "ann", fmt.Sprint(i), ""), func(_ *hub.Message, _ bool, err error) {
			if err != nil {
				t.Errorf("message %d: %v", i, err)
			}
			wg.Done()
		})
	}
	shut(t, s)
	await(t, &wg, "answers after Close")
	if d.Durable {
		checkWhole(t, openAt(t, d, dir), "close", n)
	}
}
