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

	mu      sync.Mutex // guards what follows, down to the next mutex
	machine *room
	loaded  bool
	waiting []func(error) // run when it is loaded, or could not be
	early   []*Message    // committed while it is being loaded
	beating bool          // a beat is due
	beaten  time.Time     // the last one

	committedMu sync.Mutex // guards what follows; taken by the store's writer
	underway    int        // appended and not yet committed
	committed   []commit
	publishing  bool

	gathered []*Message // committed and not yet delivered; owned by publish
	since    time.Time  // when the first of them was
}

// commit is what the store answered to one Append.
type commit struct {
	message *Message
	dup     bool
	err     error
	from    *member // quiet: the member that does not want to see it
	done    func(Sent, error)
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
		r.loaded = true
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

// send appends a message to the log; done is called after the commit, before the message is
// delivered to anybody. The caller holds the room; send gives that back.
func (r *Room) send(m *Message, from *member, done func(Sent, error)) {
	r.committedMu.Lock()
	r.underway++
	r.committedMu.Unlock()
	r.store.Append(m, func(m *Message, dup bool, err error) {
		r.commit(commit{message: m, dup: dup, err: err, from: from, done: done})
	})
}

func (r *Room) commit(c commit) {
	r.committedMu.Lock()
	r.underway--
	r.committed = append(r.committed, c)
	start := !r.publishing
	r.publishing = true
	r.committedMu.Unlock()
	if start && !r.hub.spawn(r.publish) {
		r.publish()
	}
}

// publish answers the senders of what was committed and delivers it, until nothing is left. What is
// committed meanwhile is taken together, so under load members get several messages at a time.
func (r *Room) publish() {
	for {
		r.committedMu.Lock()
		batch, more := r.committed, r.underway > 0
		r.committed = nil
		if len(batch) == 0 {
			r.publishing = false
			r.committedMu.Unlock()
			return
		}
		r.committedMu.Unlock()

		r.gather(r.answer(batch))
		if len(r.gathered) > 0 && !(more && r.patient()) {
			r.deliver(r.gathered)
			r.gathered = nil
		}
		r.hub.release(r, len(batch))
	}
}

func (r *Room) gather(fresh []*Message) {
	if len(r.gathered) == 0 {
		r.since = time.Now()
	}
	r.gathered = append(r.gathered, fresh...)
}

const (
	crowd    = 32                   // members from which on it pays to wait for the next commit
	patience = 2 * time.Millisecond // and for how long
)

// patient reports whether what is gathered should wait for the messages that are on their way to the
// disk: to a crowd, two deliveries cost much more than one. The next commit looks again.
func (r *Room) patient() bool {
	if time.Since(r.since) > patience {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.machine.members) >= crowd
}

// answer calls the senders back, and returns the messages that are new.
func (r *Room) answer(batch []commit) []*Message {
	fresh := make([]*Message, 0, len(batch))
	for _, c := range batch {
		if c.err != nil {
			c.done(Sent{}, r.hub.storeError(r.name, c.err))
			continue
		}
		if !c.dup {
			fresh = append(fresh, c.message)
			if c.from != nil {
				r.hush(c.from, c.message.Seq)
			}
		}
		c.done(Sent{Seq: c.message.Seq, At: c.message.At, Dup: c.dup}, nil)
	}
	return fresh
}

func (r *Room) hush(m *member, seq uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.quiet == nil {
		m.quiet = make(map[uint64]struct{})
	}
	m.quiet[seq] = struct{}{}
}

// deliver gives new messages to the members, and tells of them.
func (r *Room) deliver(msgs []*Message) {
	r.push(msgs)
	for _, m := range msgs {
		r.hub.hooks.afterSend(m)
	}
	r.hub.tell(Notice{Room: r.name, Head: msgs[len(msgs)-1].Seq})
}

func (r *Room) push(msgs []*Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.loaded {
		if len(r.waiting) > 0 { // it is being loaded, and may have been read before these
			r.early = append(r.early, msgs...)
		}
		return
	}
	if r.volatile && msgs[0].Seq <= r.machine.log.head {
		if s := r.state(); s.Epoch != r.machine.log.epoch {
			r.machine.restart(s)
		}
	}
	r.read(r.machine.learn(msgs))
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

func (r *Room) raise(rc Receipt) {
	r.mu.Lock()
	now, rose := r.machine.marks.raise(rc, r.machine.log.head)
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
	if r.machine.beat() {
		r.beaten = time.Now()
	}
}

// beat is the time between two tellings of presence and receipts, by the number of members.
func beat(members int) time.Duration {
	return max(50*time.Millisecond, time.Duration(members)*100*time.Microsecond)
}
