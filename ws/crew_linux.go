package ws

import (
	"runtime"
	"sync/atomic"
)

// crew are the goroutines that run a door's handlers. A handler may block for as long as it likes, so
// there are as many of them as handshakes under way need; a few that have nothing to do stay for the
// next one, because their stacks have grown already, which is worth some microseconds.
type crew struct {
	tasks chan task    // never full: a round puts at most a round in, and ends with it empty
	idle  atomic.Int32 // ≤ maxIdle: how many wait for a task
}

// task is a handshake to be served: see door.serve.
type task struct {
	conn *bareConn
	text string
	end  int
}

const maxIdle = 4

func newTasks() chan task { return make(chan task, acceptRound+len(epoll{}.events)) }

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
		d.serve(t.conn, t.text, t.end)
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
