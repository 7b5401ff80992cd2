// Clients: what they do on one connection, and over all of them.

package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coder/websocket"

	"github.com/vechehq/veche/prove/history"
	"github.com/vechehq/veche/test/peer"
)

// room is where everything happens; theEnd is its last message.
const (
	room   = "fault"
	theEnd = "the end"
)

// errDone ends a client that has read the last message.
var errDone = errors.New("done")

// breach is a promise broken in a way that a history does not show.
type breach string

func (b breach) Error() string { return string(b) }

// connecting is one connection's worth of a client's life; it always ends with an error.
type connecting func(ctx context.Context) error

// live connects again and again, once per start of the server, until the client is done. A
// connection may only end because the server was killed: whoever loses one otherwise waits for a
// start that does not come.
func live(ctx context.Context, g *gate, connect connecting) error {
	for start := 0; ; {
		var err error
		if start, err = g.after(ctx, start); err != nil {
			return fmt.Errorf("no connection: %w", err)
		}
		err = connect(ctx)
		var broken breach
		switch {
		case errors.Is(err, errDone):
			return nil
		case errors.As(err, &broken), ctx.Err() != nil:
			return err
		}
	}
}

// talker sends its share over /ws with a few sends under way, and reads everything. With no share
// it only reads.
type talker struct {
	url     string
	window  int
	acked   func() // told of each new acknowledgement
	settled func() // told when the whole share is acknowledged

	sends   []history.Send // the share
	sent    int            // how many of them were sent at least once
	open    int            // how many of those are not acknowledged
	retried int
	dups    int // retries of what was there

	user   string
	resume string
	epoch  string
	last   uint64
	behind bool // a gap was told: nothing counts until the join is answered
	read   []history.Entry
}

func newTalker(name, url string, share, window int) *talker {
	t := &talker{url: url, window: window, acked: func() {}, settled: func() {}}
	for i := range share {
		t.sends = append(t.sends, history.Send{Sender: name, CID: fmt.Sprint("c", i), Body: fmt.Sprintf("%s-%d", name, i)})
	}
	return t
}

func (t *talker) connect(ctx context.Context) error {
	c, err := peer.Dial(ctx, t.url, t.resume)
	if err != nil {
		return err
	}
	defer c.WS.CloseNow()
	if err := t.hello(c); err != nil {
		return err
	}
	if err := t.join(ctx, c); err != nil {
		return err
	}
	if err := t.repeat(ctx, c); err != nil {
		return err
	}
	for {
		o, err := c.Next(ctx)
		if err != nil {
			return err
		}
		if err := t.hear(ctx, c, o); err != nil {
			return err
		}
	}
}

// join asks for everything after what was read.
func (t *talker) join(ctx context.Context, c *peer.Conn) error {
	since := int64(t.last)
	return c.Say(ctx, peer.Object{Type: "join", ID: peer.String("join"), Room: room, Since: &since, Epoch: t.epoch})
}

// hello keeps the identity: cids are unique per user.
func (t *talker) hello(c *peer.Conn) error {
	var user struct{ ID string }
	if err := json.Unmarshal(c.Welcome.User, &user); err != nil {
		return breach(fmt.Sprintf("welcome: %v", err))
	}
	if t.user != "" && t.user != user.ID {
		return breach(fmt.Sprintf("%s came back as %s", t.user, user.ID))
	}
	t.user, t.resume = user.ID, c.Resume
	return nil
}

// repeat sends again what was not acknowledged, in its order, and fills the window.
func (t *talker) repeat(ctx context.Context, c *peer.Conn) error {
	for i := range t.sends[:t.sent] {
		if t.sends[i].Seq == 0 {
			t.retried++
			if err := t.send(ctx, c, i); err != nil {
				return err
			}
		}
	}
	return t.fill(ctx, c)
}

// fill sends new messages while fewer than window are under way.
func (t *talker) fill(ctx context.Context, c *peer.Conn) error {
	for t.open < t.window && t.sent < len(t.sends) {
		t.sent++
		t.open++
		if err := t.send(ctx, c, t.sent-1); err != nil {
			return err
		}
	}
	return nil
}

func (t *talker) send(ctx context.Context, c *peer.Conn, i int) error {
	s := t.sends[i]
	return c.Say(ctx, peer.Object{Type: "send", ID: json.RawMessage(fmt.Sprint(i)), Room: room, CID: s.CID, Body: peer.String(s.Body)})
}

// hear takes one object from the server.
func (t *talker) hear(ctx context.Context, c *peer.Conn, o peer.Object) error {
	switch {
	case o.Type == "ok" && string(o.ID) == `"join"`:
		return t.joined(o)
	case o.Type == "ok" && len(o.ID) > 0 && o.ID[0] != '"':
		return t.ack(ctx, c, o)
	case o.Type == "message" && t.behind:
		// comes again after the join
	case o.Type == "message":
		t.read = append(t.read, history.Entry{Seq: o.Seq, Sender: o.Sender(), CID: o.CID, Body: o.Text()})
		t.last = o.Seq
		if o.Text() == theEnd {
			return errDone
		}
	case o.Type == "gap" && o.Why == "lag":
		t.behind = true
		return t.join(ctx, c)
	case o.Type == "gap", o.Type == "error", o.Type == "bye":
		return breach(fmt.Sprintf("%s: the server says %s %s%s: %s", t.user, o.Type, o.Code, o.Why, o.Message))
	}
	return nil
}

// joined checks that the log is the one that was there before the kill.
func (t *talker) joined(o peer.Object) error {
	if t.epoch != "" && t.epoch != o.Epoch {
		return breach(fmt.Sprintf("epoch %s became %s", t.epoch, o.Epoch))
	}
	if o.Head < t.last {
		return breach(fmt.Sprintf("%s has read seq %d and the log ends with %d", t.user, t.last, o.Head))
	}
	t.epoch, t.behind = o.Epoch, false
	return nil
}

func (t *talker) ack(ctx context.Context, c *peer.Conn, o peer.Object) error {
	var i int
	if err := json.Unmarshal(o.ID, &i); err != nil || i >= t.sent || t.sends[i].Seq != 0 {
		return breach(fmt.Sprintf("an answer to nothing: id %s, seq %d", o.ID, o.Seq))
	}
	t.sends[i].Seq = o.Seq
	t.open--
	if o.Dup {
		t.dups++
	}
	t.acked()
	if t.open == 0 && t.sent == len(t.sends) {
		t.settled()
	}
	return t.fill(ctx, c)
}

// listener reads over /raw, and counts.
type listener struct {
	url  string
	read []history.Entry
}

func (l *listener) connect(ctx context.Context) error {
	ws, _, err := websocket.Dial(ctx, fmt.Sprintf("%s?since=%d", l.url, len(l.read)), nil)
	if err != nil {
		return err
	}
	defer ws.CloseNow()
	for {
		_, body, err := ws.Read(ctx)
		if err != nil {
			return err
		}
		l.read = append(l.read, history.Entry{Seq: uint64(len(l.read)) + 1, Body: string(body)})
		if string(body) == theEnd {
			return errDone
		}
	}
}
