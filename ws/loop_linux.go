package ws

import (
	"runtime"
	"sync"
	"time"
)

// loop is an event loop: one goroutine that reads, calls and writes for many connections, each of
// which has a seat in it. The goroutine lives while there are seats. See docs/design/004-loops.md.
type loop struct {
	epoch time.Time // immutable: the beginning of its time

	// owned by the goroutine
	epoll  *epoll
	buf    [readSize]byte // what one receive takes, of whichever connection
	intake intake         // lent to who is being read
	seats  seats
	wheel  wheel
	now    tick
	armed  int     // see arm
	batch  []*Conn // taken from list, and not yet visited
	heard  []*seat // read, and not yet settled
	dues   []*seat // taken from the wheel, and not yet judged

	mu sync.Mutex
	// guarded by mu
	list    []*Conn // to be visited; each connection at most a few times
	spare   []*Conn // the other list's memory
	running bool    // the goroutine lives
	asleep  bool    // it waits and has to be told of what comes into list
}

// readSize is such that a message of 64 KiB comes whole, and needs no copy to put it together. What of it
// is never written to takes no memory.
const readSize = 256 << 10

// loops are as many as processors, made when they are needed. They keep their descriptors for good.
var loops struct {
	mu   sync.Mutex
	all  []*loop
	next int
}

// nextLoop returns nil if the system has no descriptor to give.
func nextLoop() *loop {
	loops.mu.Lock()
	defer loops.mu.Unlock()
	if len(loops.all) < runtime.GOMAXPROCS(0) {
		if e, err := newEpoll(); err == nil {
			loops.all = append(loops.all, &loop{epoll: e, epoch: time.Now()})
		}
	}
	if len(loops.all) == 0 {
		return nil
	}
	loops.next++
	return loops.all[loops.next%len(loops.all)]
}

// add asks for a visit. Any goroutine may call it, with any lock held. A burst of calls wakes the loop
// once.
func (l *loop) add(conns ...*Conn) {
	l.mu.Lock()
	l.list = append(l.list, conns...)
	wake := l.asleep
	l.asleep = false
	if !l.running {
		l.running = true
		go l.run()
	}
	l.mu.Unlock()
	if wake {
		l.epoll.interrupt()
	}
}

// run is the goroutine's. One round hears who is ready, then visits who has asked for it, then judges who
// is late. Visits come second so that what hearing adds to their messages leaves with them.
func (l *loop) run() {
	done := false
	defer func() {
		if !done {
			l.intake = intake{}
			go l.run() // a handler called runtime.Goexit; the others go on
		}
	}()
	for l.next() {
		if l.epoll.looks < 2 {
			runtime.Gosched() // a loop that finds work each time it looks lets others run between
		}
		l.now = l.tick()
		l.hear()
		l.visit()
		l.judge()
	}
	done = true
}

// next takes the list, or if it is empty waits for an event. It reports false if nobody is left.
func (l *loop) next() bool {
	if len(l.batch) > 0 || l.epoll.n > 0 || len(l.heard) > 0 || len(l.dues) > 0 {
		return true // left over from a round that was cut off
	}
	l.arm()
	switch some, alive := l.takeList(); {
	case some:
		l.epoll.looks = 0
		l.epoll.look()
		return true
	case !alive:
		return false
	}
	if !l.epoll.wait() {
		l.armed = armedNot
	}
	l.mu.Lock()
	l.asleep = false
	l.mu.Unlock()
	return true
}

// takeList makes the list the batch. If there is none, the loop is about to wait or, with no seat
// taken, to end: this is said under the lock under which the list was seen empty, so no add is missed.
func (l *loop) takeList() (some, alive bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) > 0 {
		l.batch, l.list, l.spare = l.list, l.spare, nil
		return true, true
	}
	alive = l.seats.taken() > 0
	l.asleep, l.running = alive, alive
	return false, alive
}

// visit tends those who asked for it.
func (l *loop) visit() {
	if len(l.batch) == 0 {
		return
	}
	all := l.batch
	for len(l.batch) > 0 {
		c := l.batch[0]
		l.batch = l.batch[1:]
		c.seat.visit()
	}
	clear(all)
	l.batch = nil
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spare = all[:0]
}

// hear tends those who are ready: it receives for all of them before it sends for any, because the
// processor's caches like the kernel's paths better one at a time.
func (l *loop) hear() {
	e := l.epoll
	for e.n > 0 {
		e.n--
		ev := &e.events[e.n]
		if s := l.seats.get(ev.Fd, ev.Pad); s != nil {
			s.hear(ev.Events)
		}
	}
	for len(l.heard) > 0 {
		last := len(l.heard) - 1
		s := l.heard[last]
		l.heard = l.heard[:last]
		s.settle()
	}
}

// judge tends those whose deadline has come. It comes after hear, so that a loop that was held up
// takes no peer for silent whose bytes are there.
func (l *loop) judge() {
	if l.wheel.n > 0 && l.now > l.wheel.seen {
		l.dues = l.wheel.due(l.now, l.dues)
	}
	for len(l.dues) > 0 {
		last := len(l.dues) - 1
		s := l.dues[last]
		l.dues[last] = nil
		l.dues = l.dues[:last]
		s.late()
	}
}

// tick is the time. It is asked for anew rather than taken from now, because handlers may have run since.
func (l *loop) tick() tick { return tick(time.Since(l.epoch)/tickLength) + 1 }

// in is the tick when d will have passed.
func (l *loop) in(d time.Duration) tick { return l.tick() + 1 + ticks(d) }

// What the epoll's deadline is set to.
const (
	armedNot  = iota // something that has passed
	armedNone        // none
	armedTick        // a tick
)

// arm bounds the next wait by the next tick, if anybody has a deadline.
func (l *loop) arm() {
	switch {
	case l.wheel.n > 0 && l.armed != armedTick:
		l.epoll.deadline(l.epoch.Add(time.Duration(l.tick()) * tickLength))
		l.armed = armedTick
	case l.wheel.n == 0 && l.armed == armedNot:
		l.epoll.deadline(time.Time{})
		l.armed = armedNone
	}
}
