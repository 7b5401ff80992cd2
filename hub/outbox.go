package hub

// outbox is the bounded queue of what a session has still to be sent: the only queue between the
// hub and a client. It is guarded by its session's mutex.
//
// What happens when it is full depends on what comes: a message is refused, and its member lags; a
// signal, receipt or presence is dropped, already at three quarters, so that messages still fit; a
// reply is always taken, because a session whose answers pile up is not read from (Session.Full).
type outbox struct {
	items   []item
	head    int // items[:head] are taken
	bytes   int
	replies int
}

type item struct {
	event Event
	size  int
	class class
}

type class uint8

const (
	message class = iota // refused when full
	loose                // dropped when three quarters full
	reply                // always taken
)

func (o *outbox) len() int { return len(o.items) - o.head }

// push reports whether it took the event.
func (o *outbox) push(l *Limits, it item) bool {
	switch it.class {
	case message:
		// One message always fits into an empty outbox, however small the bound.
		if o.len() >= l.Outbox || (o.len() > 0 && o.bytes+it.size > l.OutboxBytes) {
			return false
		}
	case loose:
		if 4*o.len() >= 3*l.Outbox || 4*(o.bytes+it.size) > 3*l.OutboxBytes {
			return false
		}
	case reply:
		o.replies++
	}
	o.items = append(o.items, it)
	o.bytes += it.size
	return true
}

// space says how many messages a catch-up may add: it leaves half to what is live.
func (o *outbox) space(l *Limits) int {
	if 2*o.bytes >= l.OutboxBytes {
		return 0
	}
	return max(0, l.Outbox/2-o.len())
}

// keep is the largest queue that an idle session holds on to.
const keep = 16

// take moves events to the free end of buf, until bytes are reached.
func (o *outbox) take(buf []Event, bytes int) []Event {
	for taken := 0; o.len() > 0 && len(buf) < cap(buf) && taken < bytes; o.head++ {
		it := &o.items[o.head]
		buf = append(buf, it.event)
		taken += it.size
		o.bytes -= it.size
		if it.class == reply {
			o.replies--
		}
		*it = item{}
	}
	switch {
	case o.head < len(o.items):
		if o.head > len(o.items)/2 {
			n := copy(o.items, o.items[o.head:])
			clear(o.items[n:])
			o.items, o.head = o.items[:n], 0
		}
	case cap(o.items) > keep:
		o.items, o.head = nil, 0
	default:
		o.items, o.head = o.items[:0], 0
	}
	return buf
}
