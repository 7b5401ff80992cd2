package veche

import (
	"context"

	"github.com/vechehq/veche/hub"
)

// serverID is the id in whose name a program speaks when it names no other. No token can claim it.
const serverID = "server"

// Room is a room as the program itself speaks in it. It is a value, cheap to make, good as long as
// the server.
type Room struct {
	srv  *Server
	name string
	from User
}

// Room returns the room of that name. Nobody needs to be in it, and it need not exist yet.
func (s *Server) Room(name string) Room { return Room{srv: s, name: name, from: User{ID: serverID}} }

// As returns the same room, spoken in by u: a bot with a name, or a user in whose name the program
// acts.
func (r Room) As(u User) Room {
	r.from = u
	return r
}

// Send sends a message and waits until it is on disk. The message is a string (text), a []byte
// (bytes), a Body, any value for encoding/json, or a Draft, which may have a kind and a cid too. When
// ctx ends first, the message may still be sent.
//
// It is not for On… functions, which must not wait: they Post.
func (r Room) Send(ctx context.Context, message any) (Sent, error) {
	type result struct {
		sent Sent
		err  error
	}
	done := make(chan result, 1)
	r.Post(message, func(sent Sent, err error) { done <- result{sent, err} })
	select {
	case res := <-done:
		return res.sent, res.err
	case <-ctx.Done():
		return Sent{}, ctx.Err()
	}
}

// Post is Send without the wait. done is called once, after the commit or with an error, possibly
// before Post returns; it must return quickly. With a nil done a failure is logged.
func (r Room) Post(message any, done func(Sent, error)) {
	if done == nil {
		done = r.logFailure
	}
	d, err := draftOf(r.name, message)
	if err != nil {
		done(Sent{}, err)
		return
	}
	r.srv.hub.Send(r.from, d, done)
}

func (r Room) logFailure(_ Sent, err error) {
	if err != nil {
		r.srv.log.Warn("message of the program not sent", "room", r.name, "err", err)
	}
}

// Signal tells those who are in the room now, and never waits. body is as for Send, or nil. From the
// server itself it carries no sender.
func (r Room) Signal(kind string, body any) error {
	s, err := signalOf(r.from, kind, body)
	if err != nil {
		return err
	}
	s.Room = r.name
	return r.srv.hub.SignalRoom(s)
}

// Inbox is a user as the program itself speaks to them.
type Inbox struct{ room Room }

// User returns the user of that id, who need not be here.
func (s *Server) User(id string) Inbox { return Inbox{s.Room("~" + id)} }

// As returns the same user, spoken to by u.
func (i Inbox) As(u User) Inbox { return Inbox{i.room.As(u)} }

// Send puts a message into the user's inbox, the room ~USER, which only the user can read, and waits
// until it is on disk. The message is as for Room.Send.
func (i Inbox) Send(ctx context.Context, message any) (Sent, error) { return i.room.Send(ctx, message) }

// Post is Send without the wait, as Room.Post.
func (i Inbox) Post(message any, done func(Sent, error)) { i.room.Post(message, done) }

// Signal tells all sessions that the user has now, in whichever rooms they are.
func (i Inbox) Signal(kind string, body any) error {
	s, err := signalOf(i.room.from, kind, body)
	if err != nil {
		return err
	}
	return i.room.srv.hub.SignalUser(i.room.name[len("~"):], s)
}

func signalOf(from User, kind string, body any) (*Signal, error) {
	b, err := bodyOf(body)
	if err != nil {
		return nil, err
	}
	s := &Signal{Kind: kind, Body: b}
	if from.ID != serverID {
		s.From, s.Name = from.ID, from.Name
	}
	return s, nil
}

// ownVoice lets the program itself do everything, and asks the policy about everybody else.
type ownVoice struct{ policy hub.Authorizer }

func (v ownVoice) Authorize(u hub.User, a hub.Action, room string) error {
	if u.ID == serverID {
		return nil
	}
	return v.policy.Authorize(u, a, room)
}
