// Package peer is a small client of the native protocol, written from docs/protocol.md over a
// WebSocket library that is not ours. It shares no code with the server, so that a mistake is not
// made on both sides.
package peer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coder/websocket"
)

// Object is one JSON object of the protocol, either way: the union of the fields that tests look at.
type Object struct {
	Type     string          `json:"type"`
	ID       json.RawMessage `json:"id,omitempty"`
	Room     string          `json:"room,omitempty"`
	Seq      uint64          `json:"seq,omitempty"`
	From     json.RawMessage `json:"from,omitempty"` // a user of a message, a seq of a gap
	To       uint64          `json:"to,omitempty"`
	CID      string          `json:"cid,omitempty"`
	Body     json.RawMessage `json:"body,omitempty"`
	Data     string          `json:"data,omitempty"` // base64
	Dup      bool            `json:"dup,omitempty"`
	Head     uint64          `json:"head,omitempty"`
	First    uint64          `json:"first,omitempty"`
	Epoch    string          `json:"epoch,omitempty"`
	Since    *int64          `json:"since,omitempty"`
	After    *uint64         `json:"after,omitempty"`
	Limit    int             `json:"limit,omitempty"`
	Code     string          `json:"code,omitempty"`
	Message  string          `json:"message,omitempty"`
	Retry    bool            `json:"retry,omitempty"`
	Why      string          `json:"why,omitempty"`
	Resume   string          `json:"resume,omitempty"`
	User     json.RawMessage `json:"user,omitempty"` // an object in welcome, an id in receipt
	Messages []Object        `json:"messages,omitempty"`
}

// Text returns the body if it is a string.
func (o Object) Text() string {
	var s string
	if json.Unmarshal(o.Body, &s) != nil {
		return ""
	}
	return s
}

// Sender returns the user who sent the message.
func (o Object) Sender() string {
	var s string
	if json.Unmarshal(o.From, &s) != nil {
		return ""
	}
	return s
}

// String makes a JSON string of a text, for ID and Body.
func String(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings always marshal
	}
	return b
}

// Conn is one connection to /ws.
type Conn struct {
	WS      *websocket.Conn
	Welcome Object
	Resume  string // for the next Dial, so that it is the same user

	asked int // the id of the last request
}

// Dial connects to a /ws URL and says hello, with the resume of an earlier connection or "".
func Dial(ctx context.Context, url, resume string) (*Conn, error) {
	ws, _, err := websocket.Dial(ctx, url+"?hello=1", &websocket.DialOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(4 << 20)
	c := &Conn{WS: ws}
	if err := c.Say(ctx, Object{Type: "hello", Resume: resume}); err != nil {
		return nil, errors.Join(err, ws.CloseNow())
	}
	c.Welcome, err = c.Want(ctx, "welcome")
	if err != nil {
		return nil, errors.Join(err, ws.CloseNow())
	}
	c.Resume = c.Welcome.Resume
	return c, nil
}

// Say sends one object.
func (c *Conn) Say(ctx context.Context, o Object) error {
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return c.WS.Write(ctx, websocket.MessageText, b)
}

// Next returns the next object.
func (c *Conn) Next(ctx context.Context) (Object, error) {
	var o Object
	typ, b, err := c.WS.Read(ctx)
	if err != nil {
		return o, err
	}
	if typ != websocket.MessageText {
		return o, fmt.Errorf("a %v message from the server", typ)
	}
	return o, json.Unmarshal(b, &o)
}

// Want returns the next object of a type and drops what comes before it; an error object is an
// error unless it is what is wanted.
func (c *Conn) Want(ctx context.Context, typ string) (Object, error) {
	for {
		o, err := c.Next(ctx)
		switch {
		case err != nil:
			return o, err
		case o.Type == typ:
			return o, nil
		case o.Type == "error" || o.Type == "bye":
			return o, fmt.Errorf("%s %s: %s", o.Type, o.Code, o.Message)
		}
	}
}

// Ask sends a request and returns its answer; what comes before it is dropped.
func (c *Conn) Ask(ctx context.Context, o Object) (Object, error) {
	c.asked++
	o.ID = json.RawMessage(fmt.Sprint(c.asked))
	if err := c.Say(ctx, o); err != nil {
		return Object{}, err
	}
	for {
		a, err := c.Next(ctx)
		switch {
		case err != nil:
			return a, err
		case string(a.ID) != string(o.ID):
			continue
		case a.Type == "error":
			return a, fmt.Errorf("%s: %s: %s", o.Type, a.Code, a.Message)
		}
		return a, nil
	}
}

// Log reads a room's whole log by history, in pages.
func (c *Conn) Log(ctx context.Context, room string) ([]Object, error) {
	if _, err := c.Ask(ctx, Object{Type: "join", Room: room}); err != nil {
		return nil, err
	}
	var log []Object
	for after := uint64(0); ; after = log[len(log)-1].Seq {
		page, err := c.Ask(ctx, Object{Type: "history", Room: room, After: &after, Limit: 200})
		if err != nil {
			return nil, err
		}
		log = append(log, page.Messages...)
		if len(page.Messages) == 0 || log[len(log)-1].Seq >= page.Head {
			return log, nil
		}
	}
}
