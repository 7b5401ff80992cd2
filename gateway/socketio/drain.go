package socketio

import (
	"encoding/json"

	"github.com/vechehq/veche/gateway/objects"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/socketio"
	wire "github.com/vechehq/veche/wire/native"
)

// Drain sends what the outbox has.
func (s *session) Drain() (more bool) { return s.Line.Drain(s.tell) }

// tell sends one event of the outbox.
func (s *session) tell(e hub.Event) {
	switch e := e.(type) {
	case *hub.Message:
		s.message(e)
	case *hub.Signal:
		s.share(e.Forms(), "signal", func() wire.Event {
			return objects.Signal(e)
		})
	case *hub.ReceiptEvent:
		s.share(e.Forms(), "receipt", func() wire.Event {
			return objects.Receipt(e)
		})
	case *hub.Presence:
		s.share(e.Forms(), "presence", func() wire.Event {
			return objects.Presence(e)
		})
	case *hub.Gap:
		s.places.move(e.Room, e.To, e.Epoch)
		s.sent(s.socket.Say("gap", object(objects.Gap(e)), s.places.String()))
	case *page:
		defer s.histories.End()
		s.sent(e.to.Say(object(e.encode())))
	case *reply:
		s.answer(e)
	}
}

func (s *session) answer(r *reply) {
	if r.first != nil {
		r.first()
	}
	if failed, ok := r.answer.(*wire.Error); ok && !r.to.Asked() {
		s.say("error", failed)
		return
	}
	s.sent(r.to.Say(object(r.answer)))
}

// say sends an event at once.
func (s *session) say(event string, o wire.Event) { s.sent(s.socket.Say(event, object(o))) }

// sent closes a connection that cannot take what one turn sends: it is of no use.
func (s *session) sent(err error) {
	if err != nil {
		s.Pipe.Close(wire.CloseTryLater, "slow: the client does not read")
	}
}

// form is where shared events keep what they are to sockets, a *shared.
var form = hub.NewForm()

// shared is an event as it goes to many sockets.
type shared struct {
	object   json.RawMessage    // of a message: for sockets in several rooms
	epoch    string             // of a message: that is in prepared's offset
	prepared *socketio.Prepared // for all others
}

func (s *session) share(fs *hub.Forms, event string, o func() wire.Event) {
	sh := fs.Get(form, func() any { return &shared{prepared: s.prepare(event, object(o()))} }).(*shared)
	s.sent(s.socket.SayPrepared(sh.prepared))
}

func (s *session) prepare(event string, args ...any) *socketio.Prepared {
	p, err := socketio.Prepare(s.socket.Namespace().Name(), event, args...)
	if err != nil {
		panic(err) // JSON and strings can be encoded
	}
	return p
}

// message sends a message with where the client is that has it. A socket in one room shares all of it with the others there.
func (s *session) message(m *hub.Message) {
	epoch := s.places.move(m.Room, m.Seq, "")
	sh := m.Forms().Get(form, func() any {
		o := object(objects.Message(m))
		at := wire.Join{Room: m.Room, Since: int64(m.Seq), Replay: true, Epoch: epoch}
		return &shared{o, epoch, s.prepare("message", o, string(at.AppendCursor(nil)))}
	}).(*shared)
	if len(s.places) == 1 && sh.epoch == epoch {
		s.sent(s.socket.SayPrepared(sh.prepared))
		return
	}
	s.sent(s.socket.Say("message", sh.object, s.places.String()))
}
