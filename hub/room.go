package hub

import (
	"context"
	"sync"
	"time"
)

// Room gives the pure machine its lock, its clock and its goroutines.
//
// A room is open while somebody holds it: a member, a request under way, a message on its way to
// the log. Then it stays for a while among the idle ones.
type Room struct {
	hub      *Hub
	name     string
	store    Store
	volatile bool // of kind Memory: the log is trimmed, and may be dropped whole

	holders int  // guarded by hub.mu
	idling  bool // in hub.idle; guarded by hub.mu

	mu       sync.Mutex // guards what follows, down to the next mutex
	machine  *room
	loaded   bool
	waiting  []func(error) // run when it is loaded, or could not be
	early    []*Message    // committed while it is being loaded
	promised uint64        // the highest seq that a sender was told before that
	beating  bool          // a beat is due
	beaten   time.Time     // the last one
	asked    time.Time     // when the other nodes were asked who is there

	committedMu sync.Mutex // guards what follows; taken by the store's writer
	underway    int        // appended and not yet committed
	committed   []commit
	publishing  bool

	gathered []*Message // committed and not yet delivered; owned by publish
	since    time.Time  // when the first of them was
}

// maxWaiting bounds the requests that wait for a room to be loaded; above it they fail with ErrBusy.
const maxWaiting = 10_000

// whenLoaded calls f, inline if the room is loaded already.
func (r *Room) whenLoaded(f func(error)) {
	r.mu.Lock()
	switch {
	case r.loaded:
		r.mu.Unlock()
		f(nil)
	case len(r.waiting) >= maxWaiting:
		r.mu.Unlock()
		f(ErrBusy)
	default:
		r.waiting = append(r.waiting, f)
		first := len(r.waiting) == 1
		r.mu.Unlock()
		if first {
			r.hub.pool.run(r.load)
		}
	}
}

func (r *Room) load() {
	ctx, cancel := r.hub.readContext()
	defer cancel()
	state, newest, receipts, err := r.readState(ctx)

	r.mu.Lock()
	waiting := r.waiting
	r.waiting = nil
	if err == nil {
		r.machine.load(state, newest, receipts)
		r.machine.log.promise(r.promised)
		r.loaded = true
		r.ask()
		r.read(r.machine.learn(r.early))
	}
	r.early = nil
	r.mu.Unlock()
	if err != nil {
		r.hub.log.Error("room cannot be read", "room", r.name, "err", err)
		err = ErrUnavailable
	}
	for _, f := range waiting {
		f(err)
	}
}

func (r *Room) readState(ctx context.Context) (s RoomState, newest []*Message, rs []Receipt, err error) {
	if s, err = r.store.Room(ctx, r.name); err != nil || s.Head == 0 {
		return s, nil, nil, err
	}
	from := max(s.First, s.Head-min(s.Head-1, tailMessages-1))
	if newest, err = r.store.Read(ctx, r.name, from, s.Head, tailMessages); err != nil {
		return s, nil, nil, err
	}
	rs, err = r.store.Receipts(ctx, r.name, absent)
	return s, newest, rs, err
}

// whenKnown calls f when the room knows whether its log has come as far as seq: another node may have
// written what this one has not heard of. The caller holds the room.
func (r *Room) whenKnown(seq uint64, f func()) {
	r.mu.Lock()
	known := r.volatile || seq <= r.machine.log.known()
	r.mu.Unlock()
	if known {
		f()
		return
	}
	r.hub.pool.run(func() {
		r.catchUp()
		f()
	})
}

// catchUp hears from the store how far the log has come.
func (r *Room) catchUp() {
	ctx, cancel := r.hub.readContext()
	defer cancel()
	state, err := r.store.Room(ctx, r.name)
	if err != nil {
		r.hub.log.Error("room cannot be read", "room", r.name, "err", err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if state.Epoch == r.machine.log.epoch {
		r.read(r.machine.hear(state.Head))
	}
}

// refresh learns where a log begins that is trimmed as it grows.
func (r *Room) refresh() {
	if !r.volatile {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.state(); s.Epoch == r.machine.log.epoch {
		r.machine.trimmed(s.First)
	}
}

// state asks the store of a volatile room, which answers from memory.
func (r *Room) state() RoomState {
	s, err := r.store.Room(r.hub.ctx, r.name)
	if err != nil {
		r.hub.log.Error("room cannot be read", "room", r.name, "err", err)
	}
	return s
}

// read reads pages of the log for the machine. r.mu is held.
func (r *Room) read(pages []page) {
	for _, p := range pages {
		r.hub.hold(r)
		r.hub.pool.run(func() {
			defer r.hub.release(r, 1)
			r.readPage(p)
		})
	}
}

func (r *Room) readPage(p page) {
	ctx, cancel := r.hub.readContext()
	defer cancel()
	msgs, err := r.store.Read(ctx, r.name, p.from, p.to, pageSize)
	if err != nil {
		r.hub.log.Error("log cannot be read", "room", r.name, "from", p.from, "to", p.to, "err", err)
		r.hub.later(retryRead, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.read([]page{p})
		})
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.member == nil {
		r.read(r.machine.fill(msgs))
	} else {
		r.read(r.machine.page(p.member, p, msgs))
	}
}

// retryRead is the pause after a failed read of the log.
const retryRead = time.Second

func (r *Room) drained(m *member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read(r.machine.drained(m))
}

func (r *Room) leave(m *member) {
	r.mu.Lock()
	r.machine.leave(m)
	r.changed()
	r.mu.Unlock()
	r.hub.release(r, 1)
}

func (r *Room) signal(s *Signal, from string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.machine.signal(s, from)
}

// know takes a user's receipt as the store has it.
func (r *Room) know(rc Receipt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.machine.marks.know(rc)
}

func (r *Room) raise(rc Receipt) {
	r.mu.Lock()
	now, rose := r.machine.marks.raise(rc, r.machine.log.known())
	if rose {
		r.changed()
	}
	r.mu.Unlock()
	if rose {
		r.store.SaveReceipt(now)
		r.hub.tell(Notice{Room: r.name, Receipt: &now})
	}
}

func (r *Room) rename(m *member, u User) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.machine.rename(m, u)
	r.changed()
}

// changed sees to it that presence and receipts are told: at once after a quiet time, else when the
// beat comes, so that a thousand joins are not a million events. r.mu is held.
func (r *Room) changed() {
	if r.beating {
		return
	}
	wait := time.Until(r.beaten.Add(beat(len(r.machine.members))))
	if wait <= 0 {
		r.beatNow()
		return
	}
	r.beating = true
	r.hub.hold(r)
	r.hub.later(wait, func() {
		r.mu.Lock()
		r.beating = false
		r.beatNow()
		r.mu.Unlock()
		r.hub.release(r, 1)
	})
}

func (r *Room) beatNow() {
	r.tellNews()
	if r.machine.beat() {
		r.beaten = time.Now()
	}
}

// beat is the time between two tellings of presence and receipts, by the number of members: so one room
// of up to 5,000 costs at most 2,500 sends a second, also while a crowd comes back and needs the processor
// to join. Larger ones are told every 2 seconds.
func beat(members int) time.Duration {
	return min(max(50*time.Millisecond, time.Duration(members)*400*time.Microsecond), 2*time.Second)
}
