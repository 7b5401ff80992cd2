package native

import (
	"strconv"
	"time"
)

// Event is what the server says.
type Event interface {
	// Append appends the event as JSON.
	Append(b []byte) []byte
}

// User is one user as others see them.
type User struct {
	ID   string
	Name string
}

// Welcome opens a session.
type Welcome struct {
	Session string
	User    User
	Guest   bool
	Resume  string
	Ping    time.Duration
	Expires time.Time // zero for never
	Time    time.Time
	Server  string
	Limits  Limits

	Transport string // what carries the session, for people; empty for none
}

// RawWelcome greets on the raw door.
type RawWelcome struct {
	Room    string
	Session string
	User    User
	Guest   bool
	Head    uint64
	Epoch   string
}

// Limits are those of the server that a client may want to know beforehand.
type Limits struct {
	Frame   int // bytes of one object
	Body    int // bytes of one body
	Rooms   int // of one session
	History int // messages in one answer
}

// OK answers a request that has nothing more to say.
type OK struct {
	ID   ID
	Room string
}

// JoinOK answers a Join.
type JoinOK struct {
	ID        ID
	Room      string
	Head      uint64
	Epoch     string
	Recovered bool
	Count     int
	Received  uint64 // one's own
	Read      uint64
	Receipts  []Receipt // others'; User, Received and Read are meant
}

// SendOK answers a Send, after the commit.
type SendOK struct {
	ID   ID
	Room string
	Seq  uint64
	At   time.Time
	Dup  bool
}

// PresenceOK answers a PresenceQuery.
type PresenceOK struct {
	ID    ID
	Room  string
	Users []User
	Count int
}

// HistoryOK answers a History. Each of Messages is a Message as JSON.
type HistoryOK struct {
	ID          ID
	Room        string
	Messages    [][]byte
	First, Head uint64
	Epoch       string
}

// Pong answers a Ping.
type Pong struct {
	ID ID
}

// Message is one message of a room.
type Message struct {
	Room string
	Seq  uint64
	From string
	Name string
	At   time.Time
	CID  string
	Kind string
	Body Body
}

// Receipt is two watermarks: a client's own on the way in, with User anybody's on the way out.
type Receipt struct {
	ID       ID // on the way in
	Room     string
	User     string // on the way out
	Received uint64
	Read     uint64
}

// Signal is what lives for a moment. From and Name are there on the way out only.
type Signal struct {
	ID   ID     // on the way in
	Room string // empty if it goes to a user
	From string
	Name string
	Kind string
	Body Body
}

// Presence tells who came and who left.
type Presence struct {
	Room   string
	Whole  bool // forget who was there before
	Joined []User
	Left   []User
	Count  int
}

// Gap tells which messages will not be pushed.
type Gap struct {
	Room     string
	From, To uint64
	Why      string
}

// Error refuses a request.
type Error struct {
	ID      ID
	Code    string
	Message string
	Retry   bool
	Room    string
}

// Bye is the last word.
type Bye struct {
	Code    string
	Message string
	Retry   bool
	After   time.Duration // 0 for the client's own backoff; told in seconds, to the millisecond
}

func (w *Welcome) Append(b []byte) []byte {
	o := begin(b, "welcome")
	o.int("version", Version)
	o.str("session", w.Session)
	o.key("user")
	o.b = appendSelf(o.b, w.User, w.Guest)
	o.opt("resume", w.Resume)
	o.int("ping", int64(w.Ping/time.Second))
	if !w.Expires.IsZero() {
		o.time("expires", w.Expires)
	}
	o.time("time", w.Time)
	o.opt("server", w.Server)
	o.opt("transport", w.Transport)
	o.key("limits")
	o.b = w.Limits.append(o.b)
	return o.end()
}

func (w *RawWelcome) Append(b []byte) []byte {
	o := begin(b, "welcome")
	o.str("room", w.Room)
	o.str("session", w.Session)
	o.key("user")
	o.b = appendSelf(o.b, w.User, w.Guest)
	o.uint("head", w.Head)
	o.str("epoch", w.Epoch)
	return o.end()
}

func appendSelf(b []byte, u User, guest bool) []byte {
	b = appendUser(b, u)
	if guest {
		b = append(b[:len(b)-1], `,"guest":true}`...)
	}
	return b
}

func (l Limits) append(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"frame":`...), int64(l.Frame), 10)
	b = strconv.AppendInt(append(b, `,"body":`...), int64(l.Body), 10)
	b = strconv.AppendInt(append(b, `,"rooms":`...), int64(l.Rooms), 10)
	b = strconv.AppendInt(append(b, `,"history":`...), int64(l.History), 10)
	return append(b, '}')
}

func (k *OK) Append(b []byte) []byte { return appendRoom(b, "ok", k.ID, k.Room) }

func (j *JoinOK) Append(b []byte) []byte {
	o := begin(b, "ok")
	o.id(j.ID)
	o.str("room", j.Room)
	o.uint("head", j.Head)
	o.str("epoch", j.Epoch)
	o.bool("recovered", j.Recovered)
	o.int("count", int64(j.Count))
	o.uint("received", j.Received)
	o.uint("read", j.Read)
	list(&o, "receipts", j.Receipts, appendWatermarks)
	return o.end()
}

func appendWatermarks(b []byte, r Receipt) []byte {
	b = appendString(append(b, `{"user":`...), r.User)
	b = strconv.AppendUint(append(b, `,"received":`...), r.Received, 10)
	b = strconv.AppendUint(append(b, `,"read":`...), r.Read, 10)
	return append(b, '}')
}

func (s *SendOK) Append(b []byte) []byte {
	o := begin(b, "ok")
	o.id(s.ID)
	o.str("room", s.Room)
	o.uint("seq", s.Seq)
	o.time("at", s.At)
	o.bool("dup", s.Dup)
	return o.end()
}

func (p *PresenceOK) Append(b []byte) []byte {
	o := begin(b, "ok")
	o.id(p.ID)
	o.str("room", p.Room)
	list(&o, "users", p.Users, appendUser)
	o.int("count", int64(p.Count))
	return o.end()
}

func appendUser(b []byte, u User) []byte {
	b = appendString(append(b, `{"id":`...), u.ID)
	b = appendString(append(b, `,"name":`...), u.Name)
	return append(b, '}')
}

func (h *HistoryOK) Append(b []byte) []byte {
	o := begin(b, "ok")
	o.id(h.ID)
	o.str("room", h.Room)
	list(&o, "messages", h.Messages, func(b, message []byte) []byte { return append(b, message...) })
	o.uint("first", h.First)
	o.uint("head", h.Head)
	o.str("epoch", h.Epoch)
	return o.end()
}

func (p *Pong) Append(b []byte) []byte { return appendRoom(b, "pong", p.ID, "") }

func (m *Message) Append(b []byte) []byte {
	o := begin(b, "message")
	o.str("room", m.Room)
	o.uint("seq", m.Seq)
	o.str("from", m.From)
	o.opt("name", m.Name)
	o.time("at", m.At)
	o.opt("cid", m.CID)
	o.opt("kind", m.Kind)
	o.body(m.Body)
	return o.end()
}

func (r *Receipt) Append(b []byte) []byte {
	o := begin(b, "receipt")
	o.id(r.ID)
	o.str("room", r.Room)
	o.opt("user", r.User)
	o.uint("received", r.Received)
	o.uint("read", r.Read)
	return o.end()
}

func (s *Signal) Append(b []byte) []byte {
	o := begin(b, "signal")
	o.id(s.ID)
	o.opt("room", s.Room)
	o.opt("from", s.From)
	o.opt("name", s.Name)
	o.opt("kind", s.Kind)
	o.body(s.Body)
	return o.end()
}

func (p *Presence) Append(b []byte) []byte {
	o := begin(b, "presence")
	o.str("room", p.Room)
	if p.Whole {
		o.bool("whole", true)
	}
	list(&o, "joined", p.Joined, appendUserID)
	o.key("names")
	o.b = appendNames(o.b, p.Joined)
	list(&o, "left", p.Left, appendUserID)
	o.int("count", int64(p.Count))
	return o.end()
}

func appendUserID(b []byte, u User) []byte { return appendString(b, u.ID) }

func appendNames(b []byte, users []User) []byte {
	b = append(b, '{')
	start := len(b)
	for _, u := range users {
		if u.Name == "" {
			continue
		}
		if len(b) > start {
			b = append(b, ',')
		}
		b = append(appendString(b, u.ID), ':')
		b = appendString(b, u.Name)
	}
	return append(b, '}')
}

func (g *Gap) Append(b []byte) []byte {
	o := begin(b, "gap")
	o.str("room", g.Room)
	o.uint("from", g.From)
	o.uint("to", g.To)
	o.str("why", g.Why)
	return o.end()
}

func (e *Error) Append(b []byte) []byte {
	o := begin(b, "error")
	o.id(e.ID)
	o.str("code", e.Code)
	o.str("message", e.Message)
	o.bool("retry", e.Retry)
	o.opt("room", e.Room)
	return o.end()
}

func (y *Bye) Append(b []byte) []byte {
	o := begin(b, "bye")
	o.str("code", y.Code)
	o.str("message", y.Message)
	o.bool("retry", y.Retry)
	if y.After > 0 {
		o.key("after")
		o.b = strconv.AppendFloat(o.b, y.After.Round(time.Millisecond).Seconds(), 'f', -1, 64)
	}
	return o.end()
}
