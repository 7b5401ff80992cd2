package memory

import (
	"sync"
	"time"

	"github.com/vechehq/veche/hub"
)

// room is one room's ring and receipts.
type room struct {
	name, epoch string   // immutable
	options     *Options // immutable

	next, prev *room // guarded by Store.mu

	mu       sync.Mutex // guards what follows
	ring     ring
	head     uint64 // seq of the last message: ring holds head-ring.len()+1..head
	at       time.Time
	cids     map[cidKey]uint64 // to seq, of what is in the ring
	receipts receipts

	answers   []answer // done calls to make, in commit order; len ≤ Options.Queue
	spare     []answer // the slice that answers was before, or will be
	answering bool     // somebody makes them
}

type cidKey struct{ from, cid string }

type answer struct {
	m    *hub.Message
	dup  bool
	done func(m *hub.Message, dup bool, err error)
}

func newRoom(name, epoch string, o *Options) *room {
	return &room{name: name, epoch: epoch, options: o, cids: make(map[cidKey]uint64)}
}

func (r *room) append(m *hub.Message, done func(*hub.Message, bool, error)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.answers) >= r.options.Queue {
		return hub.ErrBusy
	}
	first, dup := m, false
	if seq, known := r.cids[cidKey{m.From, m.CID}]; known {
		first, dup = r.ring.at(seq-r.first()), true
	} else {
		r.commit(m)
	}
	r.answers = append(r.answers, answer{first, dup, done})
	return nil
}

func (r *room) commit(m *hub.Message) {
	if now := time.Now().UTC().Truncate(time.Millisecond); now.After(r.at) {
		r.at = now
	}
	r.head++
	m.Seq, m.At = r.head, r.at
	if m.CID != "" {
		r.cids[cidKey{m.From, m.CID}] = m.Seq
	}
	r.ring.push(m)
	for r.ring.len() > 1 && (r.ring.len() > r.options.Messages || r.ring.bytes > r.options.Bytes) {
		r.pop()
	}
}

// pop lets go of the oldest message. mu is held.
func (r *room) pop() {
	if old := r.ring.pop(); old.CID != "" {
		delete(r.cids, cidKey{old.From, old.CID})
	}
}

func (r *room) trim(first uint64, before time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.ring.len() > 1 && (r.first() < first || r.ring.at(0).At.Before(before)) {
		r.pop()
	}
}

// answer calls what is to be called, in commit order, unless somebody is at it, who then will. A done
// that appends to the room comes here too and is such a case.
func (r *room) answer() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answering {
		return
	}
	r.answering = true
	for len(r.answers) > 0 {
		batch := r.answers
		r.answers = r.spare[:0]
		r.mu.Unlock()
		for _, a := range batch {
			a.done(a.m, a.dup, nil)
		}
		r.mu.Lock()
		clear(batch)
		r.spare = batch
	}
	r.answering = false
}

// first is the seq of the oldest message in the ring, head+1 if there is none.
func (r *room) first() uint64 { return r.head + 1 - uint64(r.ring.len()) }

func (r *room) state() hub.RoomState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return hub.RoomState{Epoch: r.epoch, First: r.first(), Head: r.head}
}

func (r *room) read(from, to uint64, limit int) []*hub.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	from, to = max(from, r.first()), min(to, r.head)
	if from > to || limit <= 0 {
		return nil
	}
	n := min(to-from+1, uint64(limit))
	messages := make([]*hub.Message, n)
	for i := range messages {
		messages[i] = r.ring.at(from - r.first() + uint64(i))
	}
	return messages
}
