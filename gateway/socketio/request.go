package socketio

import (
	"github.com/vechehq/veche/gateway/objects"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/socketio"
	wire "github.com/vechehq/veche/wire/native"
)

// reply is an answer on its way through the outbox.
type reply struct {
	to     *socketio.Event
	answer wire.Event
	first  func() // said before it; may be nil
}

// replySize is what an answer counts for in the outbox, about, in bytes.
const replySize = 256

// request passes a request on to the hub.
func (s *session) request(hs *hub.Session, e *socketio.Event, r wire.Request) {
	switch r := r.(type) {
	case *wire.Send:
		s.submit(hs, e, r)
	case *wire.Signal:
		s.done(e, r.Room, hs.Signal(&hub.Signal{Room: r.Room, Kind: r.Kind, Body: objects.Body(r.Body)}))
	case *wire.Receipt:
		s.done(e, r.Room, hs.Receipt(hub.Receipt{Room: r.Room, Received: r.Received, Read: r.Read}))
	case *wire.Join:
		s.join(hs, e, r)
	case *wire.Leave:
		s.leave(hs, e, r)
	case *wire.PresenceQuery:
		s.present(hs, e, r)
	case *wire.History:
		s.history(hs, e, r)
	case *wire.Hello:
		s.renew(hs, e, r)
	}
}

func (s *session) submit(hs *hub.Session, e *socketio.Event, r *wire.Send) {
	hs.Send(hub.Draft{Room: r.Room, CID: r.CID, Kind: r.Kind, Body: objects.Body(r.Body)}, func(sent hub.Sent, err error) {
		if err != nil {
			s.fail(e, r.Room, err)
			return
		}
		s.reply(e, &wire.SendOK{Room: r.Room, Seq: sent.Seq, At: sent.At, Dup: sent.Dup})
	})
}

// join joins a room. What the client says next waits until that is done, so that it takes effect in the room.
func (s *session) join(hs *hub.Session, e *socketio.Event, r *wire.Join) {
	s.Hold()
	hs.Join(r.Room, options(r), func(j hub.Joined, err error) {
		if err != nil {
			s.fail(e, r.Room, err)
		} else {
			hs.Reply(&reply{e, objects.Joined("", j), func() { s.entered(r, j) }}, replySize)
		}
		s.Release()
	})
}

func options(r *wire.Join) hub.JoinOptions {
	return hub.JoinOptions{Since: r.Since, Replay: r.Replay, Epoch: r.Epoch}
}

func (s *session) leave(hs *hub.Session, e *socketio.Event, r *wire.Leave) {
	if err := hs.Leave(r.Room); err != nil {
		s.fail(e, r.Room, err)
		return
	}
	hs.Reply(&reply{e, &wire.OK{Room: r.Room}, func() { s.left(r.Room) }}, replySize)
}

func (s *session) present(hs *hub.Session, e *socketio.Event, r *wire.PresenceQuery) {
	us, count, err := hs.Present(r.Room)
	if err != nil {
		s.fail(e, r.Room, err)
		return
	}
	s.reply(e, &wire.PresenceOK{Room: r.Room, Users: objects.Users(us), Count: count})
}

// renew gives the session a fresh token of the same user, or a guest another name.
func (s *session) renew(hs *hub.Session, e *socketio.Event, r *wire.Hello) {
	u := hs.User()
	if r.Token != "" {
		var err error
		if u, err = s.home.config.Identity.Token(r.Token); err != nil {
			s.fail(e, "", err)
			return
		}
	}
	if u.Guest && r.Name != "" {
		u.Name = r.Name
	}
	s.done(e, "", hs.Renew(u))
}

// done answers a request that has nothing more to say.
func (s *session) done(e *socketio.Event, room string, err error) {
	if err != nil {
		s.fail(e, room, err)
		return
	}
	s.reply(e, &wire.OK{Room: room})
}

// reply puts an answer into the outbox, if the client wants one.
func (s *session) reply(e *socketio.Event, answer wire.Event) {
	if hs, _ := s.State(); e.Asked() {
		hs.Reply(&reply{to: e, answer: answer}, replySize)
	}
}

// maxLimits is how many requests may fail with CodeLimit.
const maxLimits = 1000

// fail answers with an error, as an event if the client asked for no answer. A client that does not heed a limit is sent away.
func (s *session) fail(e *socketio.Event, room string, err error) {
	he := hub.AsError(err)
	hs, _ := s.State()
	hs.Reply(&reply{to: e, answer: &wire.Error{Code: string(he.Code), Message: he.Message, Retry: he.Retry, Room: room}}, replySize)
	if he.Code == hub.CodeLimit && s.heedless() {
		s.End(&hub.Error{Code: hub.CodeLimit, Message: "a limit was told a thousand times"})
	}
}

func (s *session) heedless() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits++
	return s.limits == maxLimits
}
