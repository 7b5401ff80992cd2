// Sequence: a room's order, every message once, in the order of seq (docs/protocol.md, section 6). A pure
// machine: it is told what comes and asks through its host; no clock, no lock, no connection.

package client

import "github.com/vechehq/veche/wire/native"

const (
	// maxHeld is how many messages that came before their turn are kept, and maxHeldBytes their bodies.
	// Those beyond are let go and read from the log.
	maxHeld      = 256
	maxHeldBytes = 1 << 20
	// maxAfresh is how many of a new log's messages are read after an epoch gap.
	maxAfresh = 1000
)

// sequenceHost is the room.
type sequenceHost interface {
	deliver(m *native.Message)
	gap(from, to uint64, why Why)
	// room is how many messages the host takes now. It takes what was asked for in any case.
	room() int
	// ask asks history for at most limit messages above after, and answers once with read. An answer that
	// is of an earlier era is void.
	ask(after uint64, limit, era int)
}

// sequence holds: everything up to last was delivered or reported as a gap; each held seq > last, ascending.
type sequence struct {
	host sequenceHost

	known  bool // last is known: from the beginning, from the first message, or from the join's answer
	last   uint64
	epoch  string // "" while unknown
	head   uint64 // the highest seq known to be in the log
	target uint64 // up to here the log is read by history, because it will not be pushed

	held      []*native.Message
	heldBytes int
	asking    bool
	era       int
	anew      bool // the join has told of the new epoch already; the gap that follows says it again
}

// joined is told when the room is joined. latest: nothing that was there before was asked for.
func (q *sequence) joined(ok *native.JoinOK, latest bool) {
	q.lost()
	q.head = ok.Head
	q.anew = q.epoch != "" && q.epoch != ok.Epoch
	q.epoch = ok.Epoch
	switch {
	case q.anew:
		q.startOver(ok.Head)
	case !q.known && (latest || ok.Head == 0):
		q.begin(ok.Head)
	}
}

func (q *sequence) begin(last uint64) {
	if !q.known {
		q.known, q.last = true, last
	}
}

// lost is told when the connection is gone: the next join begins after last.
func (q *sequence) lost() {
	q.era++
	q.asking = false
	q.held, q.heldBytes = nil, 0
	q.target = 0
}

// push takes a message that the server has pushed.
func (q *sequence) push(m *native.Message) {
	q.head = max(q.head, m.Seq)
	q.begin(m.Seq - 1)
	if m.Seq <= q.last {
		return
	}
	upTo := m.Seq - 1
	if !q.hold(m) {
		upTo = m.Seq
	}
	q.takeHeld()
	q.fill(upTo)
}

// hold keeps a message for its turn. Those that are not in the order of seq are not kept.
func (q *sequence) hold(m *native.Message) bool {
	n := len(q.held)
	switch {
	case n == maxHeld, n > 0 && q.heldBytes+len(m.Body.Data) > maxHeldBytes:
		return false
	case n > 0 && m.Seq <= q.held[n-1].Seq:
		return true
	}
	q.held = append(q.held, m)
	q.heldBytes += len(m.Body.Data)
	return true
}

// pushGap takes a gap.
func (q *sequence) pushGap(g *native.Gap) {
	if g.Why == string(Epoch) {
		if q.anew {
			q.anew = false
			return
		}
		q.epoch = ""
		q.startOver(g.To)
		return
	}
	q.head = max(q.head, g.To)
	if g.To < g.From {
		return // the log holds nothing
	}
	q.begin(g.From - 1)
	if g.Why == string(Trimmed) && g.From <= q.last+1 {
		q.lose(g.To, Trimmed)
		q.takeHeld()
		return
	}
	q.fill(g.To)
}

// eased is told when the host takes more again.
func (q *sequence) eased() {
	if q.known {
		q.takeHeld()
		q.fill(0)
	}
}

func (q *sequence) startOver(head uint64) {
	q.lost()
	q.head, q.known, q.last = head, true, 0
	if head > maxAfresh {
		q.last = head - maxAfresh
	}
	q.host.gap(1, q.last, Epoch)
	q.fill(head)
}

// fill reads the log up to there, if that is not under way and the host has room.
func (q *sequence) fill(to uint64) {
	q.target = max(q.target, to)
	if q.asking || !q.known || q.last >= q.target {
		return
	}
	if len(q.held) > 0 && q.held[0].Seq <= q.last+1 {
		return // it waits for the host, not for the log
	}
	limit := min(q.host.room(), native.MaxHistory)
	if limit <= 0 {
		return
	}
	q.asking = true
	q.host.ask(q.last, limit, q.era)
}

// read takes an answer to ask. A nil page means that the server will not give one.
func (q *sequence) read(after uint64, era int, page *native.HistoryOK, messages []*native.Message) {
	if era != q.era {
		return
	}
	q.asking = false
	switch {
	case page == nil:
		q.lose(q.target, Lag)
	case q.epoch != "" && q.epoch != page.Epoch:
		q.epoch = page.Epoch
		q.startOver(page.Head)
		return
	default:
		q.epoch = page.Epoch
		q.head = max(q.head, page.Head)
		q.readAll(after, messages)
	}
	q.takeHeld()
	q.fill(0)
}

func (q *sequence) readAll(after uint64, messages []*native.Message) {
	most := after
	for _, m := range messages {
		q.lose(m.Seq-1, Trimmed)
		q.take(m)
		most = max(most, m.Seq)
	}
	if most == after { // the log ends before what we were promised
		q.lose(q.target, Trimmed)
	}
}

// takeHeld delivers what is held and has its turn, as far as the host has room.
func (q *sequence) takeHeld() {
	for len(q.held) > 0 && q.held[0].Seq <= q.last+1 {
		m := q.held[0]
		if m.Seq == q.last+1 && q.host.room() <= 0 {
			return
		}
		q.held = q.held[1:]
		q.heldBytes -= len(m.Body.Data)
		q.take(m)
	}
}

// take delivers the next message, and no other.
func (q *sequence) take(m *native.Message) {
	if m.Seq != q.last+1 {
		return
	}
	q.last = m.Seq
	q.host.deliver(m)
}

// lose gives up on everything up to there.
func (q *sequence) lose(to uint64, why Why) {
	from := q.last + 1
	if to < from {
		return
	}
	q.last = to
	q.host.gap(from, to, why)
}
