// Events: what a room tells.

package client

import (
	"time"

	"github.com/vechehq/veche/wire/native"
)

// User is one user. Guest is known of oneself only.
type User struct {
	ID    string
	Name  string // may be empty
	Guest bool
}

// Event is what a room tells: *Message, *Gap, *Signal, *Receipt or *Presence.
type Event interface{ event() }

// Message is one durable entry of a room's log.
type Message struct {
	Room string
	Seq  uint64 // 1, 2, 3 … without holes
	From string // the sender's id
	Name string // the sender's name when it was sent; may be empty
	At   time.Time
	CID  string // the sender's own id of it, if it gave one
	Kind string // what it means to the application; may be empty
	Body Body
}

// Gap says that messages From … To will not come; the next one is To + 1.
type Gap struct {
	Room     string
	From, To uint64
	Why      Why
}

// Why is a Gap's reason.
type Why string

const (
	// Trimmed: the log no longer has the messages.
	Trimmed Why = "trimmed"
	// Epoch: the log is another one, because it was lost or restored. What is known of the room is void.
	// The last 1,000 messages of the new log follow, those before them (none if To is 0) Room.History has.
	Epoch Why = "epoch"
	// Lag: the log has the messages, but the server does not let us read them.
	Lag Why = "lag"
)

// Signal is what lives for a moment. It may have been dropped on the way.
type Signal struct {
	Room string // empty if it was sent to the user
	From string // empty if the server's own application sent it
	Name string
	Kind string
	Body Body // Format None if there is none
}

// Receipt tells how far a user has got: Read ≤ Received. Keep the maximum.
type Receipt struct {
	Room           string
	User           string
	Received, Read uint64
}

// Presence tells who came and who left. Somebody in Joined who is known already has a new name.
type Presence struct {
	Room         string
	Whole        bool // forget who was there before: Joined is everybody, at most 200
	Joined, Left []User
	Count        int // how many are there now
}

func (*Message) event()  {}
func (*Gap) event()      {}
func (*Signal) event()   {}
func (*Receipt) event()  {}
func (*Presence) event() {}

func messageOf(m *native.Message) *Message {
	return &Message{Room: m.Room, Seq: m.Seq, From: m.From, Name: m.Name, At: m.At, CID: m.CID, Kind: m.Kind, Body: Body(m.Body)}
}

func signalOf(s *native.Signal) *Signal {
	return &Signal{Room: s.Room, From: s.From, Name: s.Name, Kind: s.Kind, Body: Body(s.Body)}
}

func presenceOf(p *native.Presence) *Presence {
	return &Presence{Room: p.Room, Whole: p.Whole, Joined: usersOf(p.Joined), Left: usersOf(p.Left), Count: p.Count}
}

func usersOf(us []native.User) []User {
	var users []User
	for _, u := range us {
		users = append(users, User{ID: u.ID, Name: u.Name})
	}
	return users
}
