package hub

// member is one session in one room.
//
// Invariants: live ⇒ cursor = head+1, or above, for a member that has come with messages which are on
// their way from another node; every message below cursor was pushed to the outbox, was the
// member's own and quiet, or was told as a gap.
type member struct {
	id     string // its session's
	before string // the session's that its client had before; may be empty
	user   User
	out    outlet
	place  int    // in room.members
	cursor uint64 // the next seq to deliver
	state  memberState
	lag    LagPolicy
	plain  bool   // wants messages only
	gap    *Gap   // what a join found missing, told when it starts
	held   []item // what came between the join and its start; at most maxHeld
	missed bool   // presence or receipts were dropped

	quiet map[uint64]struct{} // its own messages that it does not want to see
}

type memberState uint8

const (
	joining memberState = iota // its join has not been answered
	live                       // gets each message as it is committed
	reading                    // a page of the log is being read for it
	waiting                    // catching up; goes on when its outbox has drained
	lagging                    // its outbox was full; goes on when it has drained
)

// outlet is the end of a session's outbox that the room pushes into.
type outlet interface {
	push(ev Event, size int, c class) bool
	space() int
	stall() // asks for drained, once the outbox is empty
}

// LagPolicy says what happens to a member whose outbox was full, once it has drained.
type LagPolicy uint8

const (
	LagGap     LagPolicy = iota // it gets a Gap, and is live again: it can ask for history
	LagCatchUp                  // it is caught up from the log, at its own pace
)

// deliver pushes one message, the one at the cursor; what is below it the member has. It reports whether
// the member could take it.
func (m *member) deliver(msg *Message) bool {
	if msg.Seq < m.cursor {
		return true
	}
	if _, own := m.quiet[msg.Seq]; own {
		delete(m.quiet, msg.Seq)
	} else if !m.out.push(msg, msg.size(), message) {
		return false
	}
	m.cursor = msg.Seq + 1
	return true
}

// maxHeld bounds what is held for a member whose join is being answered: a moment.
const maxHeld = 16

// tell pushes what may be dropped. What state there is behind it is told again when the outbox has
// drained; a signal has none.
func (m *member) tell(ev Event, size int) {
	if m.plain {
		return
	}
	if m.state == joining {
		if len(m.held) < maxHeld {
			m.held = append(m.held, item{event: ev, size: size})
		}
		return
	}
	if _, signal := ev.(*Signal); !m.out.push(ev, size, loose) && !signal {
		m.missed = true
		m.out.stall()
	}
}

func (m *member) pause(s memberState) {
	m.state = s
	m.out.stall()
}
