package ws

// waiting are the guests of a reception whose time is over some time, in queues: in each all have the same patience.
type waiting struct {
	spoken  guestQueue // those who came with a part of their request, or have sent one
	silent  guestQueue // those who came without a byte
	resting guestQueue // between two requests
	taking  guestQueue // those who have not taken all of an answer
	parting guestQueue // those who have had their last
}

// longest is who is late next, nil if nobody waits.
func (w *waiting) longest() (g *guest) {
	for _, q := range [...]*guestQueue{&w.spoken, &w.silent, &w.resting, &w.taking, &w.parting} {
		if q.first != nil && (g == nil || q.first.by.Before(g.by)) {
			g = q.first
		}
	}
	return g
}

// guestQueue is a list, the one first who has waited longest.
type guestQueue struct{ first, last *guest }

func (q *guestQueue) push(g *guest) {
	g.queue = q
	g.prev = q.last
	if q.last == nil {
		q.first = g
	} else {
		q.last.next = g
	}
	q.last = g
}

func (q *guestQueue) remove(g *guest) {
	if g.prev == nil {
		q.first = g.next
	} else {
		g.prev.next = g.next
	}
	if g.next == nil {
		q.last = g.prev
	} else {
		g.next.prev = g.prev
	}
	g.queue, g.prev, g.next = nil, nil, nil
}
