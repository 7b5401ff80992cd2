package raw

import (
	"bytes"

	"github.com/vechehq/veche/gateway/line"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// session is the pipe's Handler and the hub session's Sink, in one room.
type session struct {
	line.Line
	room  string // immutable after open
	greet bool   // the client wants a welcome
	quiet bool   // the client does not want what it sends itself
}

// welcomeSize is what a welcome counts for in the outbox, about, in bytes.
const welcomeSize = 256

// join joins the room. Nothing is read from the client before that is done.
func (s *session) join(hs *hub.Session, j *wire.Join) {
	s.room = j.Room
	s.Hold()
	o := hub.JoinOptions{Since: j.Since, Replay: j.Replay, Lag: hub.LagCatchUp, MessagesOnly: true}
	hs.Join(j.Room, o, func(joined hub.Joined, err error) {
		switch {
		case err != nil:
			s.part(err)
		case s.greet:
			hs.Reply(welcome(hs, joined), welcomeSize)
		}
		s.Release()
	})
}

func welcome(hs *hub.Session, j hub.Joined) *wire.RawWelcome {
	u := hs.User()
	return &wire.RawWelcome{Room: j.Room, Session: hs.ID(), User: wire.User{ID: u.ID, Name: u.Name},
		Guest: u.Guest, Head: j.Head, Epoch: j.Epoch}
}

// Receive sends one message to the room.
func (s *session) Receive(m transport.Message) {
	hs, leaving := s.State()
	if leaving {
		return
	}
	hs.Send(hub.Draft{Room: s.room, Body: body(m), Quiet: s.quiet}, func(_ hub.Sent, err error) {
		if err != nil {
			s.part(err)
		}
	})
	s.Throttle()
}

func body(m transport.Message) hub.Body {
	if m.Binary {
		return hub.Body{Format: hub.Bytes, Data: bytes.Clone(m.Data)}
	}
	return hub.Body{Format: hub.Text, Data: bytes.Clone(m.Data)}
}

// End is the hub's: it ends the session.
func (s *session) End(cause error) { s.part(cause) }

// part ends the session; the close code and its reason are all that the client is told.
func (s *session) part(cause error) {
	e := hub.AsError(cause)
	s.Part(&line.Farewell{Code: wire.CloseCode(string(e.Code), e.Retry), Reason: e.Error(), Cause: cause})
}
