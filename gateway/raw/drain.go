package raw

import (
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// Drain sends what the outbox has.
func (s *session) Drain() (more bool) { return s.Line.Drain(s.tell) }

// tell sends one event of the outbox, if it is one for this door.
func (s *session) tell(e hub.Event) {
	switch e := e.(type) {
	case *hub.Message:
		s.sent(s.Pipe.SendShared(frame(e)))
	case *wire.RawWelcome:
		s.sent(s.Pipe.Send(transport.Message{Data: e.Append(nil)}))
	}
}

// sent closes a pipe that cannot take what one turn sends: it is of no use.
func (s *session) sent(err error) {
	if err != nil {
		s.Pipe.Close(wire.CloseTryLater, "slow: the client does not read")
	}
}

// form is where messages keep their raw frame, a *transport.Frame.
var form = hub.NewForm()

func frame(m *hub.Message) *transport.Frame {
	return m.Forms().Get(form, func() any {
		return transport.Shared(transport.Message{Binary: m.Body.Format == hub.Bytes, Data: m.Body.Data})
	}).(*transport.Frame)
}
