// Package deadline keeps a deadline for each of many owners, such as connections with a heartbeat, with one timer for all of
// them and no memory but what the owner embeds.
//
// It fits deadlines of a few lengths: each length has a list, in which who is due first is first.
package deadline

import (
	"sync"
	"time"
)

// Timers are the deadlines of many owners. It is safe for concurrent use.
type Timers[T any] struct {
	lengths []time.Duration // immutable
	due     func(T)         // immutable
	base    time.Time       // immutable

	mu    sync.Mutex // guards what follows
	lists []list[T]
	n     int
	timer *time.Timer
	armed time.Duration // when the timer goes off; zero: it does not
}

type list[T any] struct{ first, last *Entry[T] }

// Entry is an owner's place. Its methods belong to the owner, who calls them and Set one at a time.
type Entry[T any] struct {
	owner      T
	at         time.Duration // since Timers.base; written by the owner with Timers.mu held
	list       int8          // guarded by Timers.mu, as the links: one more than the list's number, zero: in none
	prev, next *Entry[T]
}

// New returns timers of some lengths. due is called for each owner whose time is over, on a goroutine, without any lock. An owner
// that has Set its deadline anew at that moment may be called nevertheless, and looks at Over.
func New[T any](due func(T), lengths ...time.Duration) *Timers[T] {
	return &Timers[T]{lengths: lengths, due: due, base: time.Now(), lists: make([]list[T], len(lengths))}
}

// Set sets e's deadline, in place of the one before, to the i-th length from now.
func (t *Timers[T]) Set(e *Entry[T], owner T, i int) { t.set(e, owner, i, t.now()) }

// Follow is Set from the deadline before, if that is over, rather than from now: who is called late has no more time for it.
func (t *Timers[T]) Follow(e *Entry[T], owner T, i int) { t.set(e, owner, i, min(e.at, t.now())) }

func (t *Timers[T]) set(e *Entry[T], owner T, i int, from time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.remove(e)
	e.owner, e.at = owner, from+t.lengths[i]
	l := &t.lists[i]
	e.list, e.prev = int8(i+1), l.last
	if l.last != nil {
		l.last.next = e
	} else {
		l.first = e
	}
	l.last = e
	t.n++
	if at := max(l.first.at, 1); t.armed == 0 || at < t.armed {
		t.arm(at)
	}
}

// Over reports whether e's time is over.
func (t *Timers[T]) Over(e *Entry[T]) bool { return e.at <= t.now() }

// Stop removes e's deadline, and reports whether there was one.
func (t *Timers[T]) Stop(e *Entry[T]) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.remove(e)
	if t.n == 0 && t.armed != 0 {
		t.timer.Stop()
		t.armed = 0
	}
	return was
}

// Len is how many deadlines there are.
func (t *Timers[T]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n
}

// Pop removes the deadline that was first set of the i-th length.
func (t *Timers[T]) Pop(i int) (owner T, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.lists[i].first
	if e == nil {
		return owner, false
	}
	t.remove(e)
	return e.owner, true
}

// remove takes e out of its list. mu is held.
func (t *Timers[T]) remove(e *Entry[T]) bool {
	if e.list == 0 {
		return false
	}
	l := &t.lists[e.list-1]
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		l.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		l.last = e.prev
	}
	e.list, e.prev, e.next = 0, nil, nil
	t.n--
	return true
}

func (t *Timers[T]) now() time.Duration { return time.Since(t.base) }

// arm sets the timer. mu is held.
func (t *Timers[T]) arm(at time.Duration) {
	t.armed = at
	if t.timer == nil {
		t.timer = time.AfterFunc(at-t.now(), t.ring)
		return
	}
	t.timer.Reset(at - t.now())
}

// ring is the timer's.
func (t *Timers[T]) ring() {
	for {
		owner, ok := t.take()
		if !ok {
			return
		}
		t.due(owner)
	}
}

// take removes one that is due. When none is, it sets the timer.
func (t *Timers[T]) take() (owner T, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var next *Entry[T]
	for _, l := range t.lists {
		if l.first != nil && (next == nil || l.first.at < next.at) {
			next = l.first
		}
	}
	switch {
	case next == nil:
		t.armed = 0
	case next.at > t.now():
		t.arm(max(next.at, 1))
	default:
		t.remove(next)
		return next.owner, true
	}
	return owner, false
}
