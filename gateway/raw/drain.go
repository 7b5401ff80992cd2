package raw

import (
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// turnBytes is about how much one Drain sends: enough for a good write, little enough that a slow
// reader's messages stay in the log.
const turnBytes = 64 << 10

// Drain sends what the outbox has.
func (s *session) Drain() (more bool) {
	s.mu.Lock()
	hs, last := s.hub, s.last
	s.mu.Unlock()
	if hs == nil {
		if last != nil {
			s.say(last)
		}
		return false
	}
	defer s.throttle()
	for sent := 0; sent < turnBytes; {
		events := hs.Take(s.event[:0], 1)
		if len(events) == 0 {
			return false
		}
		sent += s.tell(events[0])
		clear(events)
	}
	return true
}

// tell sends one event of the outbox, if it is one for this door, and returns how many bytes it has.
func (s *session) tell(e hub.Event) int {
	switch e := e.(type) {
	case *hub.Message:
		f := frame(e)
		s.sent(s.pipe.SendShared(f))
		return len(f.Data())
	case *wire.RawWelcome:
		s.sent(s.pipe.Send(transport.Message{Data: e.Append(nil)}))
	case *farewell:
		s.say(e)
	}
	return 0
}

// sent closes a pipe that cannot take what one turn sends: it is of no use.
func (s *session) sent(err error) {
	if err != nil {
		s.pipe.Close(wire.CloseTryLater, "slow: the client does not read")
	}
}

// form is where messages keep their raw frame, a *transport.Frame.
var form = hub.NewForm()

func frame(m *hub.Message) *transport.Frame {
	return m.Forms().Get(form, func() any {
		return transport.Shared(transport.Message{Binary: m.Body.Format == hub.Bytes, Data: m.Body.Data})
	}).(*transport.Frame)
}
