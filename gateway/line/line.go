package line

import (
	"sync"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
)

// Line ties a pipe to a hub session. A gateway's session embeds one, with Pipe set, and passes it what
// the pipe and the hub call.
//
// Lock order: Line.mu → hub. Wake takes no lock, because the hub calls it with its own held.
type Line struct {
	Pipe transport.Pipe // immutable

	mu      sync.Mutex // guards what follows
	session *hub.Session
	holds   int // requests behind which the next must wait
	paused  bool
	last    *Farewell
	parted  bool // the farewell was said
}

// Farewell is the last that a client is told.
type Farewell struct {
	Say    func() // sends a last message; may be nil
	Code   uint16 // to close with
	Reason string
	Cause  error // why the session ends
}

// farewellSize is what a farewell counts for in the outbox, in bytes.
const farewellSize = 256

// Open gives the line its hub session, which the hub may have ended already. It returns the session
// before, if there was one.
func (l *Line) Open(s *hub.Session) (before *hub.Session) {
	l.mu.Lock()
	before, l.session = l.session, s
	last := l.last
	l.mu.Unlock()
	if last != nil {
		s.Last(last, farewellSize)
	}
	return before
}

// State returns the hub session, nil before Open, and whether the client is being sent away.
func (l *Line) State() (s *hub.Session, leaving bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.session, l.last != nil
}

// Part sends the client away: after what the outbox holds and the answers to the requests under way,
// f is said and the pipe closed. Nothing is heard from now on. Only the first farewell counts.
func (l *Line) Part(f *Farewell) {
	l.mu.Lock()
	first, s := l.last == nil, l.session
	if first {
		l.last = f
	}
	l.mu.Unlock()
	switch {
	case !first:
	case s == nil:
		l.Pipe.Wake()
	default:
		s.Last(f, farewellSize)
	}
}

// Hold stops reading from the client until Release, so that what it says next takes effect after what
// it has said. Several may be under way.
func (l *Line) Hold() { l.hold(1) }

// Release ends a Hold.
func (l *Line) Release() { l.hold(-1) }

func (l *Line) hold(n int) {
	l.mu.Lock()
	l.holds += n
	l.mu.Unlock()
	l.Throttle()
}

// Throttle stops reading while the session is full, and goes on when it no longer is. Gateways call
// it after each message that they received; the hub wakes the line when there is room again, and Drain
// comes here: all under one lock, so that neither misses the other.
func (l *Line) Throttle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	stop := l.holds > 0 || l.session != nil && l.session.Full()
	if stop == l.paused {
		return
	}
	l.paused = stop
	if stop {
		l.Pipe.Pause()
	} else {
		l.Pipe.Resume()
	}
}

// turnBytes is about how much one Drain sends: enough for a good write, little enough that a slow
// reader's events stay in the outbox, where they are bounded.
const turnBytes = 64 << 10

// turnEvents is how many events are taken at a time.
const turnEvents = 64

// batches are for turns, so that an idle session has none.
var batches = sync.Pool{New: func() any { return new([turnEvents]hub.Event) }}

// Drain takes events from the outbox and gives them to tell, which sends them.
func (l *Line) Drain(tell func(hub.Event)) (more bool) {
	l.mu.Lock()
	s, last := l.session, l.last
	l.mu.Unlock()
	if s == nil {
		if last != nil {
			l.part(last)
		}
		return false
	}
	batch := batches.Get().(*[turnEvents]hub.Event)
	defer batches.Put(batch)
	events := s.Take(batch[:0], turnBytes)
	for _, e := range events {
		if f, ok := e.(*Farewell); ok {
			l.part(f)
			continue
		}
		tell(e)
	}
	clear(events)
	l.Throttle()
	return len(events) > 0
}

// part says the farewell, closes the pipe and ends the session.
func (l *Line) part(f *Farewell) {
	l.mu.Lock()
	first, s := !l.parted, l.session
	l.parted = true
	l.mu.Unlock()
	if !first {
		return
	}
	if f.Say != nil {
		f.Say()
	}
	l.Pipe.Close(f.Code, f.Reason)
	if s != nil {
		s.Close(f.Cause)
	}
}

// Wake is for the hub: the outbox has something.
func (l *Line) Wake() { l.Pipe.Wake() }

// Closed is for the pipe: the client is gone.
func (l *Line) Closed(err error) {
	l.mu.Lock()
	s, last := l.session, l.last
	l.mu.Unlock()
	if last != nil && last.Cause != nil {
		err = last.Cause
	}
	if s != nil {
		s.Close(err)
	}
}
