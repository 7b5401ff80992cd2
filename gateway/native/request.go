package native

import (
	"github.com/vechehq/veche/gateway/objects"
	"github.com/vechehq/veche/hub"
	wire "github.com/vechehq/veche/wire/native"
)

// request passes a request on to the hub.
func (s *session) request(hs *hub.Session, r wire.Request) {
	switch r := r.(type) {
	case *wire.Send:
		s.submit(hs, r)
	case *wire.Signal:
		s.answer(r.ID, r.Room, hs.Signal(signal(r)))
	case *wire.Receipt:
		s.answer(r.ID, r.Room, hs.Receipt(receipt(r)))
	case *wire.Join:
		s.join(r)
	case *wire.Leave:
		s.answer(r.ID, r.Room, hs.Leave(r.Room))
	case *wire.PresenceQuery:
		s.present(hs, r)
	case *wire.History:
		s.history(hs, r)
	case *wire.Ping:
		s.reply(&wire.Pong{ID: r.ID})
	}
}

func (s *session) submit(hs *hub.Session, r *wire.Send) {
	hs.Send(draft(r), func(sent hub.Sent, err error) {
		switch {
		case err != nil:
			s.fail(r.ID, r.Room, err)
		case r.ID != "":
			s.reply(sentOK(r, sent))
		}
	})
}

// join joins a room. What the client says next waits until that is done, so that it takes effect in
// the room.
func (s *session) join(r *wire.Join) {
	hs, _ := s.State()
	s.Hold()
	hs.Join(r.Room, joinOptions(r), func(j hub.Joined, err error) {
		if err != nil {
			s.fail(r.ID, r.Room, err)
		} else {
			s.reply(objects.Joined(r.ID, j))
		}
		s.Release()
	})
}

func joinOptions(r *wire.Join) hub.JoinOptions {
	return hub.JoinOptions{Since: r.Since, Replay: r.Replay, Epoch: r.Epoch}
}

func (s *session) present(hs *hub.Session, r *wire.PresenceQuery) {
	us, count, err := hs.Present(r.Room)
	if err != nil {
		s.fail(r.ID, r.Room, err)
		return
	}
	s.reply(&wire.PresenceOK{ID: r.ID, Room: r.Room, Users: objects.Users(us), Count: count})
}

// sentOK answers a send.
func sentOK(r *wire.Send, sent hub.Sent) *wire.SendOK {
	return &wire.SendOK{ID: r.ID, Room: r.Room, Seq: sent.Seq, At: sent.At, Dup: sent.Dup}
}

func draft(r *wire.Send) hub.Draft {
	return hub.Draft{Room: r.Room, CID: r.CID, Kind: r.Kind, Body: objects.Body(r.Body)}
}

func signal(r *wire.Signal) *hub.Signal {
	return &hub.Signal{Room: r.Room, Kind: r.Kind, Body: objects.Body(r.Body)}
}

func receipt(r *wire.Receipt) hub.Receipt {
	return hub.Receipt{Room: r.Room, Received: r.Received, Read: r.Read}
}

// replySize is what an answer counts for in the outbox, about, in bytes.
const replySize = 256

// reply puts an answer into the outbox.
func (s *session) reply(e hub.Event) { s.replySized(e, replySize) }

func (s *session) replySized(e hub.Event, size int) {
	if hs, _ := s.State(); hs != nil {
		hs.Reply(e, size)
	}
}

// answer tells how a request ended that has nothing more to say.
func (s *session) answer(id wire.ID, room string, err error) {
	if err != nil {
		s.fail(id, room, err)
		return
	}
	s.ok(id, room)
}

func (s *session) ok(id wire.ID, room string) {
	if id != "" {
		s.reply(&wire.OK{ID: id, Room: room})
	}
}

// fail answers a request with an error. A client that does not heed a limit is sent away.
func (s *session) fail(id wire.ID, room string, err error) {
	e := hub.AsError(err)
	s.reply(refusal(id, room, e))
	if e.Code == hub.CodeLimit && s.heedless() {
		s.End(&hub.Error{Code: hub.CodeLimit, Message: "a limit was told a thousand times"})
	}
}

// maxLimits is how many requests may fail with CodeLimit.
const maxLimits = 1000

func (s *session) heedless() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits++
	return s.limits == maxLimits
}
