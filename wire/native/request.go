package native

import (
	"strings"
	"unicode/utf8"
)

// ID is a request's id as it stands on the wire, a JSON number or string; empty for none.
type ID string

// Format says how a Body's Data is to be read.
type Format uint8

const (
	None  Format = iota // there is no body
	JSON                // one compact JSON value, not a string
	Text                // UTF-8
	Bytes               // anything, of content type Type
)

// Body is what a message or a signal carries.
type Body struct {
	Format Format
	Type   string // of Bytes; empty on the way in if the client gave none
	Data   []byte
}

// Request is what a client says: *Hello, *Join, *Leave, *Send, *Receipt, *Signal, *PresenceQuery,
// *History or *Ping.
type Request interface {
	// RequestID returns the id to answer with.
	RequestID() ID
	// Append appends the request as JSON.
	Append(b []byte) []byte
}

// Hello says who the client is.
type Hello struct {
	ID      ID
	Token   string
	Resume  string
	Name    string // without spaces at its ends
	Version int    // 0 if the client named none
}

// Join enters a room.
type Join struct {
	ID     ID
	Room   string
	Since  int64 // ≥ 0: after this seq; < 0: the last -Since
	Replay bool  // Since was given
	Epoch  string
}

// Leave leaves a room.
type Leave struct {
	ID   ID
	Room string
}

// Send sends a message.
type Send struct {
	ID   ID
	Room string
	CID  string
	Kind string
	Body Body
}

// PresenceQuery asks who is in a room.
type PresenceQuery struct {
	ID   ID
	Room string
}

// History asks for messages of a room: those below Before, or those above After, or the last ones.
type History struct {
	ID      ID
	Room    string
	Before  uint64 // 0 for none
	After   uint64
	Forward bool // After was given
	Limit   int  // 1..MaxHistory
}

// Ping asks for a Pong.
type Ping struct {
	ID ID
}

func (h *Hello) RequestID() ID         { return h.ID }
func (j *Join) RequestID() ID          { return j.ID }
func (l *Leave) RequestID() ID         { return l.ID }
func (s *Send) RequestID() ID          { return s.ID }
func (r *Receipt) RequestID() ID       { return r.ID }
func (s *Signal) RequestID() ID        { return s.ID }
func (p *PresenceQuery) RequestID() ID { return p.ID }
func (h *History) RequestID() ID       { return h.ID }
func (p *Ping) RequestID() ID          { return p.ID }

// DecodeError says why an object is no request. It is answered with code bad_request.
type DecodeError struct {
	ID      ID     // to answer with; empty if there is none or it cannot be told
	Reason  string // for people
	Foreign bool   // no object of this protocol at all: no JSON, not an object, no type
}

func (e *DecodeError) Error() string { return "native: " + e.Reason }

// Decode reads one request. Its error is a *DecodeError. Nothing of text is kept.
func Decode(text []byte) (Request, error) {
	var f fields
	if err := f.parse(text); err != nil {
		return nil, &DecodeError{Reason: err.Error(), Foreign: true}
	}
	if !f.has(fType) {
		return nil, &DecodeError{Reason: "type is missing", Foreign: true}
	}
	id := f.id()
	typ := f.text(fType, MaxKind)
	r := f.request(typ, id)
	if f.err != nil {
		return nil, &DecodeError{ID: id, Reason: f.err.Error()}
	}
	return r, nil
}

func (f *fields) request(typ string, id ID) Request {
	switch typ {
	case "send":
		return f.send(id)
	case "signal":
		return f.signal(id)
	case "receipt":
		return f.receipt(id)
	case "join":
		return &Join{ID: id, Room: f.room(), Since: f.integer(fSince, -MaxInteger, MaxInteger),
			Replay: f.has(fSince), Epoch: f.label(fEpoch, MaxEpoch)}
	case "leave":
		return &Leave{ID: id, Room: f.room()}
	case "presence":
		return &PresenceQuery{ID: id, Room: f.room()}
	case "history":
		return f.history(id)
	case "hello":
		return f.hello(id)
	case "ping":
		return &Ping{ID: id}
	}
	f.fail(fType, "is none that this server knows")
	return nil
}

func (f *fields) hello(id ID) *Hello {
	h := &Hello{ID: id, Token: f.text(fToken, MaxToken), Resume: f.text(fResume, MaxToken)}
	h.Name = strings.TrimSpace(f.label(fName, MaxName))
	h.Version = int(f.integer(fVersion, Version, Version))
	return h
}

func (f *fields) send(id ID) *Send {
	s := &Send{ID: id, Room: f.room(), CID: f.label(fCID, MaxCID), Kind: f.label(fKind, MaxKind), Body: f.body()}
	if s.Body.Format == None {
		f.fail(fBody, "is missing")
	}
	return s
}

func (f *fields) signal(id ID) *Signal {
	s := &Signal{ID: id, Room: f.room(), Kind: f.label(fKind, MaxKind), Body: f.body()}
	if s.Kind == "" {
		f.fail(fKind, "is missing")
	}
	return s
}

func (f *fields) receipt(id ID) *Receipt {
	r := &Receipt{ID: id, Room: f.room(), Received: f.seq(fReceived, 0), Read: f.seq(fRead, 0)}
	r.Received = max(r.Received, r.Read)
	if !f.has(fReceived) && !f.has(fRead) {
		f.fail(fReceived, "is missing")
	}
	return r
}

func (f *fields) history(id ID) *History {
	h := &History{ID: id, Room: f.room(), Limit: DefaultHistory,
		Before: f.seq(fBefore, 1), After: f.seq(fAfter, 0), Forward: f.has(fAfter)}
	if f.has(fLimit) {
		h.Limit = min(int(f.integer(fLimit, 1, MaxInteger)), MaxHistory)
	}
	if f.has(fBefore) && h.Forward {
		f.fail(fBefore, "and after exclude each other")
	}
	return h
}

// ParseJoin reads a join from the parts of a URL's query: since and epoch may be empty. Its error is
// a *DecodeError.
func ParseJoin(room, since, epoch string) (*Join, error) {
	if !utf8.ValidString(room) || !utf8.ValidString(epoch) {
		return nil, &DecodeError{Reason: "room is not UTF-8"}
	}
	var f fields
	f.raw[fRoom] = appendString(nil, room)
	f.raw[fEpoch] = appendString(nil, epoch)
	if since != "" {
		f.raw[fSince] = []byte(since)
	}
	j := f.request("join", "")
	if f.err != nil {
		return nil, &DecodeError{Reason: f.err.Error()}
	}
	return j.(*Join), nil
}

func (h *Hello) Append(b []byte) []byte {
	o := begin(b, "hello")
	o.id(h.ID)
	o.opt("token", h.Token)
	o.opt("resume", h.Resume)
	o.opt("name", h.Name)
	if h.Version != 0 {
		o.int("version", int64(h.Version))
	}
	return o.end()
}

func (j *Join) Append(b []byte) []byte {
	o := begin(b, "join")
	o.id(j.ID)
	o.str("room", j.Room)
	if j.Replay {
		o.int("since", j.Since)
	}
	o.opt("epoch", j.Epoch)
	return o.end()
}

func (l *Leave) Append(b []byte) []byte { return appendRoom(b, "leave", l.ID, l.Room) }

func (s *Send) Append(b []byte) []byte {
	o := begin(b, "send")
	o.id(s.ID)
	o.str("room", s.Room)
	o.opt("cid", s.CID)
	o.opt("kind", s.Kind)
	o.body(s.Body)
	return o.end()
}

func (p *PresenceQuery) Append(b []byte) []byte { return appendRoom(b, "presence", p.ID, p.Room) }

func (h *History) Append(b []byte) []byte {
	o := begin(b, "history")
	o.id(h.ID)
	o.str("room", h.Room)
	if h.Before > 0 {
		o.uint("before", h.Before)
	}
	if h.Forward {
		o.uint("after", h.After)
	}
	if h.Limit != DefaultHistory {
		o.int("limit", int64(h.Limit))
	}
	return o.end()
}

func (p *Ping) Append(b []byte) []byte {
	o := begin(b, "ping")
	o.id(p.ID)
	return o.end()
}

func appendRoom(b []byte, typ string, id ID, room string) []byte {
	o := begin(b, typ)
	o.id(id)
	o.opt("room", room)
	return o.end()
}
