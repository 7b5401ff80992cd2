package native

import (
	"sync"
	"time"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// session ties a pipe to a hub session: the pipe's Handler, the hub session's Sink.
//
// Lock order: session.mu → hub. Wake takes no lock, because the hub calls it with its own held.
type session struct {
	gateway *Gateway
	pipe    transport.Pipe

	// owned by Receive
	visit   Visit // until the session is open
	spoken  bool  // a request was made: the user cannot change any more
	foreign int   // objects that were none

	// owned by Drain
	event [1]hub.Event

	mu        sync.Mutex // guards what follows
	hub       *hub.Session
	patience  *time.Timer // while a hello is awaited
	paused    bool
	underway  int // requests that the hub has not answered
	histories int // answers to history that are under way or in the outbox
	last      *farewell
	parted    bool // the farewell was said
}

// maxForeign is how many objects that are none of the protocol close a connection.
const maxForeign = 16

// Receive takes one object of the client.
func (s *session) Receive(m transport.Message) {
	hs, leaving := s.state()
	if leaving {
		return
	}
	if m.Binary {
		s.part(&farewell{code: wire.CloseUnsupported, reason: "the native protocol has no binary messages"})
		return
	}
	r, err := wire.Decode(m.Data)
	switch hello, isHello := r.(*wire.Hello); {
	case err != nil && hs == nil:
		s.refuse("", badRequest(err))
	case err != nil:
		s.misunderstood(err)
	case isHello:
		s.hello(hs, hello)
	case hs == nil:
		s.refuse(r.RequestID(), &hub.Error{Code: hub.CodeBadRequest, Message: "say hello first"})
	default:
		s.spoken = true
		s.request(hs, r)
	}
	s.throttle()
}

// state returns the hub session, nil while a hello is awaited.
func (s *session) state() (hs *hub.Session, leaving bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hub, s.last != nil
}

// misunderstood answers what could not be decoded.
func (s *session) misunderstood(err error) {
	e := badRequest(err)
	if de, ok := err.(*wire.DecodeError); ok {
		s.fail(de.ID, "", e)
		if !de.Foreign {
			return
		}
	}
	if s.foreign++; s.foreign >= maxForeign {
		s.part(&farewell{code: wire.ClosePolicy, reason: "too much that is not the native protocol"})
	}
}

func badRequest(err error) *hub.Error {
	e := &hub.Error{Code: hub.CodeBadRequest, Message: err.Error()}
	if de, ok := err.(*wire.DecodeError); ok {
		e.Message = de.Reason
	}
	return e
}

// throttle stops reading while the hub says that too much is unanswered. The hub wakes the session
// when that is over, and Drain comes here: under one lock, so that neither misses the other.
func (s *session) throttle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	full := s.hub != nil && s.hub.Full()
	if full == s.paused {
		return
	}
	s.paused = full
	if full {
		s.pipe.Pause()
	} else {
		s.pipe.Resume()
	}
}

// Wake is the hub's: the outbox has something.
func (s *session) Wake() { s.pipe.Wake() }

// Closed ends the session when the client is gone.
func (s *session) Closed(err error) {
	s.mu.Lock()
	hs, last := s.hub, s.last
	s.calm()
	s.mu.Unlock()
	if last != nil && last.cause != nil {
		err = last.cause
	}
	if hs != nil {
		hs.Close(err)
	}
}

// calm stops waiting for a hello. s.mu is held.
func (s *session) calm() {
	if s.patience != nil {
		s.patience.Stop()
		s.patience = nil
	}
}
