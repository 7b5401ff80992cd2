package ws

import (
	"runtime"
	"sync/atomic"
)

// crew are the goroutines that run a door's handlers. A handler may block for as long as it likes, so
// there are as many of them as handshakes under way need; a few that have nothing to do stay for the
// next one, because their stacks have grown already, which is worth some microseconds.
type crew struct {
	tasks chan task    // empty when a round ends
	idle  atomic.Int32 // ≤ maxIdle: how many wait for a task
}

// task is a request to be served: text is what has come, of which the first end bytes are the head.
type task struct {
	conn     *bareConn // of what may be a handshake
	exchange *exchange // of a plain request; nil: it is the other
	text     string
	end      int
}

const maxIdle = 4

func newTasks() chan task { return make(chan task, acceptRound+len(epoll{}.events)) }

// assign gives the crew a task.
func (d *door) assign(t task) {
	if len(d.crew.tasks) == cap(d.crew.tasks) {
		d.setToWork()
	}
	d.crew.tasks <- t
}

// setToWork sees to it that each task is taken up: by who is free, and where that takes more than a
// yield, by somebody new.
func (d *door) setToWork() {
	for len(d.crew.tasks) > 0 {
		runtime.Gosched()
		select {
		case t := <-d.crew.tasks:
			go d.work(t)
		default:
		}
	}
}

// work is a goroutine of the crew.
func (d *door) work(t task) {
	for ok := true; ok; {
		if t.exchange != nil {
			d.respond(t.exchange, t.text, t.end)
		} else {
			d.welcome(t.conn, t.text, t.end)
		}
		t, ok = d.crew.next()
	}
}

// next waits for a task, unless enough others do or the door is closed.
func (c *crew) next() (t task, ok bool) {
	if c.idle.Add(1) <= maxIdle {
		t, ok = <-c.tasks
	}
	c.idle.Add(-1)
	return t, ok
}
