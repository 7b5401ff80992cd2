// What the server says, read by a client.

package native

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"time"
)

// eventFields is the union of all fields that an event may have.
type eventFields struct {
	Type string          `json:"type"`
	ID   json.RawMessage `json:"id"`
	Room *string         `json:"room"`

	Session string          `json:"session"`
	User    json.RawMessage `json:"user"` // an object in welcome, an id in receipt
	Resume  string          `json:"resume"`
	Ping    int64           `json:"ping"`
	Expires time.Time       `json:"expires"`
	Time    time.Time       `json:"time"`
	Server  string          `json:"server"`
	Over    string          `json:"transport"`
	Limits  Limits          `json:"limits"`

	Head      uint64            `json:"head"`
	First     uint64            `json:"first"`
	Epoch     string            `json:"epoch"`
	Recovered *bool             `json:"recovered"` // only a JoinOK has it
	Received  uint64            `json:"received"`
	Read      uint64            `json:"read"`
	Receipts  []receiptFields   `json:"receipts"`
	Dup       *bool             `json:"dup"`      // only a SendOK has it
	Users     []User            `json:"users"`    // only a PresenceOK has them
	Messages  []json.RawMessage `json:"messages"` // only a HistoryOK has them

	Seq     uint64          `json:"seq"`
	From    json.RawMessage `json:"from"` // a user's id, or the seq of a gap
	Name    string          `json:"name"`
	At      time.Time       `json:"at"`
	CID     string          `json:"cid"`
	Kind    string          `json:"kind"`
	Body    json.RawMessage `json:"body"`
	Data    []byte          `json:"data"`
	Content string          `json:"content"`

	Whole  bool              `json:"whole"`
	Joined []string          `json:"joined"`
	Names  map[string]string `json:"names"`
	Left   []string          `json:"left"`
	Count  int               `json:"count"`

	To  uint64 `json:"to"`
	Why string `json:"why"`

	Code    string  `json:"code"`
	Message string  `json:"message"`
	Retry   bool    `json:"retry"`
	After   float64 `json:"after"`
}

type receiptFields struct {
	User     string `json:"user"`
	Received uint64 `json:"received"`
	Read     uint64 `json:"read"`
}

var errNoEvent = errors.New("native: that is no object of a server")

// DecodeEvent reads what a server says: the counterpart of the events' Append. An `ok` becomes the
// JoinOK, SendOK, PresenceOK, HistoryOK or OK that its fields show; the Messages of a HistoryOK are
// read by DecodeEvent in their turn. A type that is not known gives nil and no error: it is to be
// ignored. Nothing of text is kept.
func DecodeEvent(text []byte) (Event, error) {
	var f eventFields
	if err := json.Unmarshal(text, &f); err != nil || f.Type == "" {
		return nil, errNoEvent
	}
	e := f.event()
	if f.Type == "welcome" && e == nil || f.Type == "gap" && e == nil {
		return nil, errNoEvent
	}
	return e, nil
}

func (f *eventFields) event() Event {
	switch f.Type {
	case "welcome":
		return f.welcome()
	case "ok":
		return f.ok()
	case "pong":
		return &Pong{ID: ID(f.ID)}
	case "message":
		return &Message{Room: f.room(), Seq: f.Seq, From: unquote(f.From), Name: f.Name, At: f.At, CID: f.CID,
			Kind: f.Kind, Body: f.body()}
	case "receipt":
		return &Receipt{Room: f.room(), User: unquote(f.User), Received: f.Received, Read: f.Read}
	case "signal":
		return &Signal{Room: f.room(), From: unquote(f.From), Name: f.Name, Kind: f.Kind, Body: f.body()}
	case "presence":
		return &Presence{Room: f.room(), Whole: f.Whole, Joined: f.people(f.Joined), Left: f.people(f.Left), Count: f.Count}
	case "gap":
		return f.gap()
	case "error":
		return &Error{ID: ID(f.ID), Code: f.Code, Message: f.Message, Retry: f.Retry, Room: f.room()}
	case "bye":
		return &Bye{Code: f.Code, Message: f.Message, Retry: f.Retry, After: seconds(f.After)}
	}
	return nil
}

// welcome is nil without a user.
func (f *eventFields) welcome() Event {
	var u struct {
		User
		Guest bool `json:"guest"`
	}
	if json.Unmarshal(f.User, &u) != nil {
		return nil
	}
	if f.Room != nil {
		return &RawWelcome{Room: *f.Room, Session: f.Session, User: u.User, Guest: u.Guest, Head: f.Head, Epoch: f.Epoch}
	}
	return &Welcome{Session: f.Session, User: u.User, Guest: u.Guest, Resume: f.Resume, Ping: seconds(float64(f.Ping)),
		Expires: f.Expires, Time: f.Time, Server: f.Server, Transport: f.Over, Limits: f.Limits}
}

func (f *eventFields) ok() Event {
	id, room := ID(f.ID), f.room()
	switch {
	case f.Recovered != nil:
		j := &JoinOK{ID: id, Room: room, Head: f.Head, Epoch: f.Epoch, Recovered: *f.Recovered, Count: f.Count,
			Received: f.Received, Read: f.Read}
		for _, r := range f.Receipts {
			j.Receipts = append(j.Receipts, Receipt{User: r.User, Received: r.Received, Read: r.Read})
		}
		return j
	case f.Dup != nil:
		return &SendOK{ID: id, Room: room, Seq: f.Seq, At: f.At, Dup: *f.Dup}
	case f.Messages != nil:
		h := &HistoryOK{ID: id, Room: room, First: f.First, Head: f.Head, Epoch: f.Epoch}
		for _, m := range f.Messages {
			h.Messages = append(h.Messages, m)
		}
		return h
	case f.Users != nil:
		return &PresenceOK{ID: id, Room: room, Users: f.Users, Count: f.Count}
	}
	return &OK{ID: id, Room: room}
}

// gap is nil without a from.
func (f *eventFields) gap() Event {
	g := &Gap{Room: f.room(), To: f.To, Why: f.Why}
	if json.Unmarshal(f.From, &g.From) != nil {
		return nil
	}
	return g
}

func (f *eventFields) room() string {
	if f.Room == nil {
		return ""
	}
	return *f.Room
}

func (f *eventFields) people(ids []string) []User {
	var users []User
	for _, id := range ids {
		users = append(users, User{ID: id, Name: f.Names[id]})
	}
	return users
}

func (f *eventFields) body() Body {
	switch {
	case f.Data != nil:
		return Body{Format: Bytes, Type: f.Content, Data: f.Data}
	case f.Body == nil:
		return Body{}
	case f.Body[0] == '"':
		return Body{Format: Text, Data: []byte(unquote(f.Body))}
	}
	var compact bytes.Buffer
	if json.Compact(&compact, f.Body) != nil {
		return Body{Format: JSON, Data: slices.Clone(f.Body)}
	}
	return Body{Format: JSON, Data: compact.Bytes()}
}

// unquote reads a JSON string; "" for what is none.
func unquote(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

// seconds makes a duration of what is told in seconds, an hour short of the longest there is.
func seconds(s float64) time.Duration {
	return time.Duration(min(max(s, 0), math.MaxInt64/1e9-3600) * float64(time.Second))
}
