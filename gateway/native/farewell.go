package native

import (
	"errors"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// farewell is the last that a client is told.
type farewell struct {
	object wire.Event // nil for none
	code   uint16     // to close with
	reason string
	cause  error // why the server ends the session
}

// part says farewell after what the outbox holds and after the answers to the requests under way.
// What the client says from now on is not heard. Only the first farewell counts.
func (s *session) part(f *farewell) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil {
		return
	}
	s.last = f
	s.calm()
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

// say tells the farewell. It is called by Drain.
func (s *session) say(f *farewell) {
	s.mu.Lock()
	parted, hs := s.parted, s.hub
	s.parted = true
	s.mu.Unlock()
	if parted {
		return
	}
	if f.object != nil {
		s.send(f.object)
	}
	s.pipe.Close(f.code, f.reason)
	if hs != nil {
		hs.Close(f.cause)
	}
}

// End is the hub's: it ends the session.
func (s *session) End(cause error) {
	e := hub.AsError(cause)
	bye := &wire.Bye{Code: string(e.Code), Message: e.Message, Retry: e.Retry}
	if drain, ok := errors.AsType[*hub.Bye](cause); ok {
		bye.After = drain.After
	}
	s.part(&farewell{object: bye, code: wire.CloseCode(bye.Code, bye.Retry), reason: reason(e), cause: cause})
}

// refuse ends a connection that has no session: an error, then the close.
func (s *session) refuse(id wire.ID, err error) {
	e := hub.AsError(err)
	s.part(&farewell{object: refusal(id, "", e), code: wire.CloseCode(string(e.Code), e.Retry), reason: reason(e), cause: err})
}

func refusal(id wire.ID, room string, e *hub.Error) *wire.Error {
	return &wire.Error{ID: id, Code: string(e.Code), Message: e.Message, Retry: e.Retry, Room: room}
}

// reason is for the close frame.
func reason(e *hub.Error) string { return e.Error() }

// send sends an object at once. A pipe that cannot take what one turn sends is of no use.
func (s *session) send(e wire.Event) int {
	text := e.Append(nil)
	s.sent(s.pipe.Send(transport.Message{Data: text}))
	return len(text)
}

func (s *session) share(f *transport.Frame) int {
	s.sent(s.pipe.SendShared(f))
	return len(f.Data())
}

func (s *session) sent(err error) {
	if err != nil {
		s.pipe.Close(wire.CloseTryLater, reason(&hub.Error{Code: hub.CodeSlow, Message: "the client does not read"}))
	}
}
