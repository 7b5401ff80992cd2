package socketio

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vechehq/veche/socketio"
	"github.com/vechehq/veche/store/memory"
)

// fill appends n records and returns the number of the last.
func fill(t *testing.T, j socketio.Journal, n int) (last uint64) {
	t.Helper()
	for i := range n {
		j.Append("log", fmt.Append(nil, i), func(number uint64, err error) {
			if err != nil {
				t.Fatal(err)
			}
			last = number
		})
	}
	return last
}

// wantFirst fails unless first is the oldest record that is there.
func wantFirst(t *testing.T, j socketio.Journal, first uint64) {
	t.Helper()
	if first > 1 {
		if _, err := j.Read("log", first-1, 1); !errors.Is(err, socketio.ErrTrimmed) {
			t.Errorf("record %d is there (%v)", first-1, err)
		}
	}
	if records, err := j.Read("log", first, 2); err != nil || len(records) != 2 {
		t.Errorf("from record %d on there are %q (%v)", first, records, err)
	}
}

// A log does not grow for ever: neither beyond its records nor beyond its age.
func TestJournalIsTrimmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewJournal(memory.New(&memory.Options{Messages: 1 << 20, Bytes: 1 << 30}), JournalOptions{Records: 1000, Age: time.Hour})
		fill(t, j, 1000)
		wantFirst(t, j, 1)
		fill(t, j, 24+256) // 1,280 in all: the last trim was at that
		wantFirst(t, j, 281)
		time.Sleep(time.Hour + time.Second)
		fill(t, j, 256)
		wantFirst(t, j, 1281)
		if head, err := j.Head("log"); err != nil || head != 1536 {
			t.Errorf("the head is %d (%v)", head, err)
		}
	})
}

// A state is there for as long as the log goes back.
func TestJournalForgetsStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewJournal(memory.New(nil), JournalOptions{Age: time.Hour})
		want := func(what string) {
			t.Helper()
			if state, err := j.Kept("socket"); err != nil || string(state) != what {
				t.Errorf("the state is %q (%v), want %q", state, err, what)
			}
		}
		j.Keep("socket", []byte("a"))
		want("a")
		time.Sleep(59 * time.Minute)
		j.Keep("socket", []byte("b"))
		time.Sleep(59 * time.Minute)
		want("b")
		time.Sleep(2 * time.Minute)
		want("")
		j.Keep("socket", []byte("c"))
		j.Keep("socket", nil)
		want("")
	})
}
