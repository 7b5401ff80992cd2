package raw

import (
	"bytes"
	"sync"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// session ties a pipe to a hub session in one room: the pipe's Handler, the hub session's Sink.
//
// Lock order: session.mu → hub. Wake takes no lock, because the hub calls it with its own held.
type session struct {
	pipe  transport.Pipe
	room  string // immutable after open
	greet bool   // the client wants a welcome
	quiet bool   // the client does not want what it sends itself

	event [1]hub.Event // owned by Drain

	mu       sync.Mutex // guards what follows
	hub      *hub.Session
	joining  bool // nothing is read before the room is there
	paused   bool
	underway int       // requests that the hub has not answered
	last     *farewell // why the server ends the session
	parted   bool      // the farewell was said
}

// farewell is the last of an outbox.
type farewell struct{ cause error }

// replySize is what an answer of the gateway counts for in the outbox, about, in bytes.
const replySize = 256

func (s *session) join(hs *hub.Session, j *wire.Join) {
	s.mu.Lock()
	s.joining, s.room = true, j.Room
	s.underway++
	s.mu.Unlock()
	s.throttle()
	o := hub.JoinOptions{Since: j.Since, Replay: j.Replay, Lag: hub.LagCatchUp}
	hs.Join(j.Room, o, func(joined hub.Joined, err error) {
		switch {
		case err != nil:
			s.part(err)
		case s.greet:
			hs.Reply(welcome(hs, joined), replySize)
		}
		s.mu.Lock()
		s.joining = false
		s.mu.Unlock()
		s.end()
		s.throttle()
	})
}

func welcome(hs *hub.Session, j hub.Joined) *wire.RawWelcome {
	u := hs.User()
	return &wire.RawWelcome{Room: j.Room, Session: hs.ID(), User: wire.User{ID: u.ID, Name: u.Name},
		Guest: u.Guest, Head: j.Head, Epoch: j.Epoch}
}

// Receive sends one message to the room.
func (s *session) Receive(m transport.Message) {
	s.mu.Lock()
	hs, leaving := s.hub, s.last != nil
	if !leaving {
		s.underway++
	}
	s.mu.Unlock()
	if leaving {
		return
	}
	hs.Send(hub.Draft{Room: s.room, Body: body(m), Quiet: s.quiet}, func(_ hub.Sent, err error) {
		if err != nil {
			s.part(err)
		}
		s.end()
	})
	s.throttle()
}

func body(m transport.Message) hub.Body {
	if m.Binary {
		return hub.Body{Format: hub.Bytes, Data: bytes.Clone(m.Data)}
	}
	return hub.Body{Format: hub.Text, Data: bytes.Clone(m.Data)}
}

// throttle stops reading while the hub says that too much is unanswered, and before the room is
// there. The hub wakes the session when it is over, and Drain comes here: under one lock, so that
// neither misses the other.
func (s *session) throttle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	hold := s.joining || s.hub != nil && s.hub.Full()
	if hold == s.paused {
		return
	}
	s.paused = hold
	if hold {
		s.pipe.Pause()
	} else {
		s.pipe.Resume()
	}
}

// end counts a request as answered.
func (s *session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.underway--
	s.settle()
}

// part ends the session after what the outbox holds and after the answers to the requests under way.
// What the client sends from now on is not taken. Only the first cause counts.
func (s *session) part(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil {
		return
	}
	s.last = &farewell{cause}
	s.settle()
}

// settle queues the farewell when nothing is under way any more. s.mu is held.
func (s *session) settle() {
	switch {
	case s.last == nil || s.underway > 0:
	case s.hub == nil:
		s.pipe.Wake()
	default:
		s.hub.Reply(s.last, replySize)
	}
}

// say closes the pipe. It is called by Drain.
func (s *session) say(f *farewell) {
	s.mu.Lock()
	parted, hs := s.parted, s.hub
	s.parted = true
	s.mu.Unlock()
	if parted {
		return
	}
	e := hub.AsError(f.cause)
	s.pipe.Close(wire.CloseCode(string(e.Code), e.Retry), e.Error())
	if hs != nil {
		hs.Close(f.cause)
	}
}

// Wake is the hub's: the outbox has something.
func (s *session) Wake() { s.pipe.Wake() }

// End is the hub's: it ends the session.
func (s *session) End(cause error) { s.part(cause) }

// Closed ends the session when the client is gone.
func (s *session) Closed(err error) {
	s.mu.Lock()
	hs, last := s.hub, s.last
	s.mu.Unlock()
	if last != nil {
		err = last.cause
	}
	if hs != nil {
		hs.Close(err)
	}
}
