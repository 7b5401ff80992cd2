// Room: all that is known of one, judged as it comes in: one order for all, each message once, as it was sent.

package prove

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/vechehq/veche/prove/history"
)

// room is guarded by mu, except what is immutable.
type room struct {
	world *world // immutable
	name  string // immutable

	mu    sync.Mutex
	epoch string
	sends map[int][]send // by client, in the order of their first attempt
	said  uint64         // how many messages, by all
	log   []place        // by seq - 1
	acked uint64         // the highest seq that was acknowledged or seen
	reads []read         // answers of history
	peaks []peak         // of receipts
	last  [lately]event  // the latest events, a ring
	count int            // of events
	told  []*follower    // violations that are told what comes next
}

// send is one message that a client wants stored, however often it has to repeat it. Times are nanoseconds since the
// beginning.
type send struct {
	call  int64  // when it was first said
	ret   int64  // when it was acknowledged or first seen, whichever was first; 0: neither
	seq   uint64 // as acknowledged, or else as seen; 0: neither
	told  bool   // acknowledged
	stamp int64  // the client's clock at call, which its cid begins with
	late  bool   // refused, or given up, and so without a place in its sender's order
}

// place is what was seen under one seq first.
type place struct {
	client int32 // -1: nothing yet
	n      int32
}

// read is an answer of history: the log's head.
type read struct {
	client    int
	call, ret int64
	head      uint64
}

// peak is a receipt that is higher than all before it.
type peak struct {
	at    int64
	value uint64
	user  string
}

// Of a room's events so many are kept, and so many told with a violation, those before and those after it.
const (
	lately     = 256
	toldBefore = 40
	toldAfter  = 12
)

// follower is a violation that is told what comes next.
type follower struct {
	violation *Violation
	events    int // so far
}

// event is something that happened in a room.
type event struct {
	at     int64
	client int
	what   string
	seq    uint64
	n      int
}

func (e event) String() string {
	s := fmt.Sprintf("%.3fs client %d %s", time.Duration(e.at).Seconds(), e.client, e.what)
	if e.n >= 0 {
		s += fmt.Sprintf(" message %d", e.n)
	}
	if e.seq > 0 {
		s += fmt.Sprintf(" seq %d", e.seq)
	}
	return s
}

func newRoom(w *world, name string) *room {
	return &room{world: w, name: name, sends: map[int][]send{}}
}

// note keeps an event for reports. n is a message of the client's, or -1.
func (r *room) note(client int, what string, n int, seq uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noteLocked(client, what, n, seq)
}

func (r *room) noteLocked(client int, what string, n int, seq uint64) {
	e := event{int64(r.world.now()), client, what, seq, n}
	r.last[r.count%lately] = e
	r.count++
	r.tell(e)
	if h := r.world.options.History; h != nil {
		fmt.Fprintf(h, "%s %v\n", r.name, e)
	}
}

// tell tells an event to those who are to know what comes next.
func (r *room) tell(e event) {
	for _, f := range r.told {
		f.violation.After = append(f.violation.After, e.String())
		f.events++
	}
	r.told = slices.DeleteFunc(r.told, func(f *follower) bool { return f.events == toldAfter })
}

// follow tells the latest events, and will tell v those that come.
func (r *room) follow(v *Violation) (before []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, &follower{violation: v})
	for i := max(0, r.count-toldBefore); i < r.count; i++ {
		before = append(before, r.last[i%lately].String())
	}
	return before
}

// begin writes down the first attempt of a client's next message and returns its number.
func (r *room) begin(client int) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said++
	n = len(r.sends[client])
	r.sends[client] = append(r.sends[client], send{call: int64(r.world.now())})
	r.noteLocked(client, "sends", n, 0)
	return n
}

// late takes a message's place in its sender's order from it.
func (r *room) late(client, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sends[client][n].late = true
	r.noteLocked(client, "late", n, 0)
}

// ack takes an acknowledgement. It reports how long the message took, and whether it was the first.
func (r *room) ack(client, n int, seq uint64, at int64) (took time.Duration, first bool) {
	r.mu.Lock()
	s := &r.sends[client][n]
	first = !s.told
	took = time.Duration(at - s.call)
	s.told = true
	r.noteLocked(client, "was told", n, seq)
	wrong := r.learn(seen{client, n, seq}, at, history.Forged)
	r.mu.Unlock()
	r.world.violateAll(r, wrong)
	return took, first
}

// see takes a message that a client was given.
func (r *room) see(by int, m seen, at int64) {
	r.mu.Lock()
	r.noteLocked(by, fmt.Sprintf("sees client %d", m.client), m.n, m.seq)
	wrong := []history.Breach{{Kind: history.Stranger, What: fmt.Sprintf("client %d got message %d of client %d as seq %d, which was not sent yet", by, m.n, m.client, m.seq)}}
	if m.n < len(r.sends[m.client]) {
		wrong = r.learn(m, at, history.Doubled)
	}
	r.mu.Unlock()
	r.world.violateAll(r, wrong)
}

// learn puts a message and its seq together, and says what does not fit what was known: another seq of the message
// is a breach of that kind. mu is held.
func (r *room) learn(m seen, at int64, another history.Kind) (wrong []history.Breach) {
	breach := func(k history.Kind, format string, args ...any) {
		wrong = append(wrong, history.Breach{Kind: k, What: fmt.Sprintf(format, args...)})
	}
	sends := r.sends[m.client]
	s := &sends[m.n]
	switch s.seq {
	case m.seq:
		return nil
	case 0:
		s.seq, s.ret = m.seq, at
	default:
		breach(another, "message %d of client %d is seq %d and also seq %d", m.n, m.client, s.seq, m.seq)
	}
	for _, n := range []int{m.n - 1, m.n} {
		if n >= 0 && n+1 < len(sends) && swapped(sends[n], sends[n+1]) {
			breach(history.Swapped, "client %d sent message %d before %d, and they are seq %d and %d", m.client, n, n+1, sends[n].seq, sends[n+1].seq)
		}
	}
	if what := r.put(m.seq, m.client, m.n); what != "" {
		breach(reordered, "%s", what)
	}
	return wrong
}

// swapped compares two messages that one client sent one after the other.
func swapped(a, b send) bool {
	return a.seq > 0 && b.seq > 0 && a.seq > b.seq && !a.late && !b.late
}

// seen is what a message's body tells of it.
type seen struct {
	client, n int
	seq       uint64
}

// put keeps what is under a seq, and says what is wrong if something else was there. mu is held.
func (r *room) put(seq uint64, client, n int) (wrong string) {
	if seq == 0 || seq > uint64(len(r.log))+1<<20 {
		return fmt.Sprintf("message %d of client %d has seq %d, where the log has %d", n, client, seq, len(r.log))
	}
	for uint64(len(r.log)) < seq {
		r.log = append(r.log, place{client: -1})
	}
	p := &r.log[seq-1]
	if p.client < 0 {
		*p = place{int32(client), int32(n)}
		r.acked = max(r.acked, seq)
	}
	if p.client != int32(client) || p.n != int32(n) {
		return fmt.Sprintf("seq %d is message %d of client %d, and also message %d of client %d", seq, p.n, p.client, n, client)
	}
	return ""
}

// known is the highest seq that anybody was told of.
func (r *room) known() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.acked
}

// answered takes an answer of history. before is what was known when it was asked.
func (r *room) answered(rd read, before uint64) {
	r.mu.Lock()
	r.reads = append(r.reads, rd)
	r.noteLocked(rd.client, "reads head", -1, rd.head)
	r.mu.Unlock()
	if rd.head < before {
		r.world.violate(history.Lost, r, "client %d is told by history that the log ends with %d, when %d was acknowledged or seen before", rd.client, rd.head, before)
	}
}

// is takes the epoch of the room's log, which never changes.
func (r *room) is(epoch string) {
	r.mu.Lock()
	before := r.epoch
	if before == "" {
		r.epoch = epoch
	}
	r.mu.Unlock()
	if before != "" && epoch != "" && epoch != before {
		r.world.violate(history.Lost, r, "the epoch was %s and is %s", before, epoch)
	}
}

// mark takes a receipt, and reports whether so many messages were ever said. That what it names was said by then is
// judged when the log is known: see checkReceipts.
func (r *room) mark(user string, value uint64, at int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.peaks); n == 0 || value > r.peaks[n-1].value {
		r.peaks = append(r.peaks, peak{at, value, user})
	}
	return value <= r.said
}
