package socketio_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/vechehq/veche/socketio"
)

// shaky is a journal that several nodes share and that cannot be read now and then.
type shaky struct {
	socketio.Journal
	failures atomic.Int64 // still to come
}

func (j *shaky) Read(log string, from uint64, limit int) ([][]byte, error) {
	if j.failures.Add(-1) >= 0 {
		return nil, errors.New("the disk is away")
	}
	return j.Journal.Read(log, from, limit)
}

// What one node has kept comes to the sockets of another once the journal can be read, in order.
func TestJournalThatCannotBeRead(t *testing.T) {
	journal := &shaky{Journal: socketio.NewMemoryJournal(0)}
	b := &bus{subscribers: make(map[chan []byte]int)}
	options := func(node int) socketio.Options {
		return socketio.Options{Link: link{b, node}, Recovery: &socketio.RecoveryOptions{Journal: journal}}
	}
	_, c := serve(t, options(0))
	other, _ := serve(t, options(1))
	c.open("40")
	journal.failures.Store(2)
	for _, event := range []string{"one", "two", "three"} {
		if err := other.Emit(event); err != nil {
			t.Fatal(err)
		}
	}
	c.want(`42["one","1"]`, `42["two","2"]`, `42["three","3"]`)
}
