package hub

// log is what a room knows of its log in the store: its extent, and the newest messages themselves.
//
// Invariants: first ≤ head+1; tail holds exactly the messages head-len(tail)+1 .. head, in order;
// every key of early is > head+1 and ≤ heard.
type log struct {
	epoch string
	first uint64
	head  uint64

	tail      []*Message
	tailBytes int

	early   map[uint64]*Message // committed above a hole that is still to be read
	heard   uint64              // the highest seq heard of, from here or from another node
	filling bool                // a hole is being read

	promised uint64 // the highest seq that a sender was told
}

// Bounds of the tail. It serves readers who were away for a moment without a read of the store.
const (
	tailMessages = 128
	tailBytes    = 256 << 10
)

// learn takes a committed message and returns those that are now next in order: none when it is
// known already or when one before it is missing.
func (l *log) learn(m *Message) []*Message {
	l.heard = max(l.heard, m.Seq)
	switch {
	case m.Seq <= l.head:
		return nil
	case m.Seq > l.head+1:
		if l.early == nil {
			l.early = make(map[uint64]*Message)
		}
		l.early[m.Seq] = m
		return nil
	}
	next := []*Message{m}
	l.add(m)
	for len(l.early) > 0 {
		m, ok := l.early[l.head+1]
		if !ok {
			break
		}
		delete(l.early, m.Seq)
		l.add(m)
		next = append(next, m)
	}
	return next
}

func (l *log) add(m *Message) {
	l.head = m.Seq
	l.tail = append(l.tail, m)
	l.tailBytes += m.size()
	drop := 0
	for len(l.tail)-drop > tailMessages || (l.tailBytes > tailBytes && len(l.tail)-drop > 1) {
		l.tailBytes -= l.tail[drop].size()
		drop++
	}
	if drop > 0 {
		clear(l.tail[:drop])
		l.tail = l.tail[drop:]
	}
}

// promise says that a sender is told of a message, which will be learnt in a moment: it is no hole to be read.
func (l *log) promise(seq uint64) { l.promised = max(l.promised, seq) }

// known is the highest seq that the log is known to have, here or where it was heard of.
func (l *log) known() uint64 { return max(l.head, l.heard, l.promised) }

// hole returns the range to be read next for the log to be whole, once; to is 0 if there is none.
func (l *log) hole() (from, to uint64) {
	if l.filling || l.heard <= l.head {
		return 0, 0
	}
	l.filling = true
	to = l.heard
	for seq := range l.early {
		to = min(to, seq-1)
	}
	return l.head + 1, min(to, l.head+pageSize)
}

// recent returns messages from..head if the tail has them all.
func (l *log) recent(from uint64) ([]*Message, bool) {
	if from > l.head {
		return nil, true
	}
	back := l.head - from + 1
	if back > uint64(len(l.tail)) {
		return nil, false
	}
	return l.tail[uint64(len(l.tail))-back:], true
}
