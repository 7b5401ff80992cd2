package native

import (
	"sync"
	"time"

	"github.com/vechehq/veche/gateway/line"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// session is the pipe's Handler and the hub session's Sink.
type session struct {
	line.Line
	home  *Gateway
	visit Visit
	trail *trail // nil on a connection that stays; immutable

	// owned by Receive
	spoken  bool // a request was made: the user cannot change any more
	foreign int  // objects that were none

	histories line.Histories

	mu       sync.Mutex  // guards what follows; no other is taken under it
	patience *time.Timer // while a hello is awaited
	limits   int         // requests that failed with CodeLimit
}

// maxForeign is how many objects that are none of the protocol close a connection.
const maxForeign = 16

// Receive takes one object of the client.
func (s *session) Receive(m transport.Message) {
	hs, leaving := s.State()
	if leaving {
		return
	}
	if m.Binary {
		s.part(&line.Farewell{Code: wire.CloseUnsupported, Reason: "the native protocol has no binary messages"})
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
	s.Throttle()
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
		s.part(&line.Farewell{Code: wire.ClosePolicy, Reason: "too much that is not the native protocol"})
	}
}

func badRequest(err error) *hub.Error {
	e := &hub.Error{Code: hub.CodeBadRequest, Message: err.Error()}
	if de, ok := err.(*wire.DecodeError); ok {
		e.Message = de.Reason
	}
	return e
}

// Closed ends the session when the client is gone.
func (s *session) Closed(err error) {
	s.calm()
	s.Line.Closed(err)
}

// calm stops waiting for a hello.
func (s *session) calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.patience != nil {
		s.patience.Stop()
		s.patience = nil
	}
}
