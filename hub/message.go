package hub

import "time"

// Message is one durable entry of a room's log. It is immutable once it has a seq, and shared by
// all who deliver it.
type Message struct {
	Room string
	Seq  uint64    // 1, 2, 3 … without holes
	From string    // the sender's User.ID
	Name string    // the sender's User.Name when it was sent
	CID  string    // the sender's own id of it, unique per (room, sender); may be empty
	At   time.Time // when it was committed, UTC, milliseconds
	Kind string    // what it means to the application; empty for a plain message
	Body Body

	forms Forms
}

// Forms keeps a message's encodings, one per wire form, so that each is made once and not once per
// member.
func (m *Message) Forms() *Forms { return &m.forms }

// Body is what a message or a signal carries. Data is not to be changed.
type Body struct {
	Format Format
	Type   string // content type of Bytes; empty means application/octet-stream
	Data   []byte
}

// Format says how a body's Data is to be read.
type Format uint8

const (
	JSON  Format = iota // one JSON value, compact, and not a string (that is Text)
	Text                // UTF-8
	Bytes               // anything
)

// Draft is a message that has not been committed.
type Draft struct {
	Room string
	CID  string // at most MaxCID bytes; a retry with the same one gets the first seq back
	Kind string // at most MaxKind bytes
	Body Body   // at most Limits.Body bytes

	// Quiet leaves the sender's own session out of the delivery; the sender still gets its ack.
	Quiet bool
}

// size is what a message counts for in an outbox and in a room's tail, in bytes.
func (m *Message) size() int {
	return 128 + len(m.From) + len(m.Name) + len(m.CID) + len(m.Kind) + len(m.Body.Data)
}

// Sent answers a Send after the commit.
type Sent struct {
	Seq uint64
	At  time.Time
	Dup bool // the cid was known: Seq and At are those of the first
}

// Signal is what lives for a moment: typing, cursors, game input. It has no seq, is never stored,
// and may be dropped for a member whose outbox is full.
type Signal struct {
	Room string // empty when it goes to a user rather than to a room
	From string
	Name string
	Kind string
	Body Body // may be empty

	forms Forms
}

// Forms keeps the signal's encodings.
func (s *Signal) Forms() *Forms { return &s.forms }

func (s *Signal) size() int { return 128 + len(s.From) + len(s.Name) + len(s.Kind) + len(s.Body.Data) }

// Bounds of names, in bytes. All are UTF-8 without control characters.
const (
	MaxRoom = 128
	MaxCID  = 128
	MaxKind = 64
	MaxName = 64 // a user's name
	MaxUser = 128
)
