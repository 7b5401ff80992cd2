package memory

import "github.com/vechehq/veche/hub"

// ring is a queue of messages that grows by doubling.
type ring struct {
	slots []*hub.Message // len is a power of two, or 0
	begin uint64
	count int
	bytes int
}

func (q *ring) len() int { return q.count }

// at returns the i-th oldest message.
func (q *ring) at(i uint64) *hub.Message { return q.slots[q.slot(i)] }

func (q *ring) slot(i uint64) uint64 { return (q.begin + i) & uint64(len(q.slots)-1) }

func (q *ring) push(m *hub.Message) {
	if q.count == len(q.slots) {
		q.grow()
	}
	q.slots[q.slot(uint64(q.count))] = m
	q.count++
	q.bytes += size(m)
}

func (q *ring) pop() *hub.Message {
	m := q.at(0)
	q.slots[q.slot(0)] = nil
	q.begin++
	q.count--
	q.bytes -= size(m)
	return m
}

func (q *ring) grow() {
	slots := make([]*hub.Message, max(8, 2*len(q.slots)))
	for i := range q.count {
		slots[i] = q.at(uint64(i))
	}
	q.slots, q.begin = slots, 0
}

func size(m *hub.Message) int {
	return 128 + len(m.From) + len(m.Name) + len(m.CID) + len(m.Kind) + len(m.Body.Type) + len(m.Body.Data)
}
