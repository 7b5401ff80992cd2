package native

import (
	"github.com/vechehq/veche/gateway/objects"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// Drain sends what the outbox has.
func (s *session) Drain() (more bool) { return s.Line.Drain(s.tell) }

// tell sends one event of the outbox.
func (s *session) tell(e hub.Event) {
	if s.trail != nil {
		s.trail.lead(e)
	}
	switch e := e.(type) {
	case *hub.Message:
		s.share(messageFrame(e))
	case *hub.Signal:
		s.share(signalFrame(e))
	case *hub.ReceiptEvent:
		s.share(receiptFrame(e))
	case *hub.Presence:
		s.share(presenceFrame(e))
	case *hub.Gap:
		s.send(objects.Gap(e))
	case *entered:
		s.send(e.JoinOK)
	case *page:
		defer s.histories.End()
		s.send(e.encode())
	case wire.Event:
		s.send(e)
	}
}

// send sends an object at once.
func (s *session) send(e wire.Event) {
	s.sent(s.Pipe.Send(transport.Message{Data: e.Append(nil)}))
}

func (s *session) share(f *transport.Frame) { s.sent(s.Pipe.SendShared(f)) }

// sent closes a pipe that cannot take what one turn sends: it is of no use.
func (s *session) sent(err error) {
	if err != nil {
		s.Pipe.Close(wire.CloseTryLater, reason(&hub.Error{Code: hub.CodeSlow, Message: "the client does not read"}))
	}
}
