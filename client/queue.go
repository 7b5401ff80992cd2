// Queue: what a room has told and the application has not taken yet.

package client

const (
	maxQueued      = 256
	maxQueuedBytes = 1 << 20
)

// queue holds at most maxQueued events or maxQueuedBytes of bodies, and beyond it one answer of history.
type queue struct {
	items []queued
	bytes int
}

// queued is an event with what is only known when it is told.
type queued struct {
	event Event
	epoch string // of the log that a Message or a Gap belongs to
	size  int
}

// room is how many messages may be added.
func (q *queue) room() int {
	if q.bytes >= maxQueuedBytes {
		return 0
	}
	return max(0, maxQueued-len(q.items))
}

// half reports whether there is room for what may be dropped.
func (q *queue) half() bool { return len(q.items) < maxQueued/2 && q.bytes < maxQueuedBytes/2 }

func (q *queue) push(e Event, epoch string, size int) {
	q.items = append(q.items, queued{e, epoch, size})
	q.bytes += size
}

func (q *queue) pop() queued {
	first := q.items[0]
	q.items[0] = queued{}
	q.items = q.items[1:]
	q.bytes -= first.size
	return first
}
