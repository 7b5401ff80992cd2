package native

import (
	"github.com/vechehq/veche/hub"
	wire "github.com/vechehq/veche/wire/native"
)

// turnBytes is about how much one Drain sends: enough for a good write, little enough that a slow
// reader's messages stay in the outbox, where they are bounded.
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

// tell sends one event of the outbox and returns how many bytes it has.
func (s *session) tell(e hub.Event) int {
	switch e := e.(type) {
	case *hub.Message:
		return s.share(messageFrame(e))
	case *hub.Signal:
		return s.share(signalFrame(e))
	case *hub.ReceiptEvent:
		return s.share(receiptFrame(e))
	case *hub.Presence:
		return s.share(presenceFrame(e))
	case *hub.Gap:
		return s.send(&wire.Gap{Room: e.Room, From: e.From, To: e.To, Why: string(e.Why)})
	case *page:
		defer s.wasRead()
		return s.send(e.encode())
	case *farewell:
		s.say(e)
	case wire.Event:
		return s.send(e)
	}
	return 0
}
