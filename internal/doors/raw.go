// The raw door: a frame is a message's body, and nothing has a number.

package doors

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/vechehq/veche/wire/native"
	"github.com/vechehq/veche/ws"
)

// raw is /raw/{room}. Its messages are counted from where it began.
type raw struct{}

func (raw) Name() string           { return "raw" }
func (raw) Lingers() time.Duration { return 0 }
func (raw) mute()                  {}

func (raw) Open(ctx context.Context, v Visit, ear Ear) (Line, error) {
	q := v.query()
	q.Del("epoch")
	q.Set("welcome", "1")
	c, err := v.dial(ctx, "/raw/"+url.PathEscape(v.Room), q)
	if err != nil {
		return nil, err
	}
	return &rawLine{conn: c, visit: v, ear: ear}, nil
}

type rawLine struct {
	conn  *ws.Conn
	visit Visit
	ear   Ear

	// owned by Message
	welcomed bool
	last     uint64
}

func (l *rawLine) Start() { l.visit.start(l.conn, l) }

func (l *rawLine) Message(_ *ws.Conn, typ ws.MessageType, data []byte) {
	if !l.welcomed {
		l.welcomed = true
		l.welcome(data)
		return
	}
	format := native.Text
	if typ == ws.Binary {
		format = native.Bytes
	}
	l.last++
	l.ear.Hear(&native.Message{Room: l.visit.Room, Seq: l.last, Body: native.Body{Format: format, Data: data}})
}

// welcome is the first frame, which has the log's head and its epoch.
func (l *rawLine) welcome(data []byte) {
	ok := &native.JoinOK{Room: l.visit.Room}
	if err := json.Unmarshal(data, ok); err != nil {
		l.ear.Wrong(unreadable(data, err))
		return
	}
	if l.last = l.visit.Last; !l.visit.Replay {
		l.last = ok.Head
	}
	l.ear.Hear(ok)
}

func (l *rawLine) Closed(_ *ws.Conn, err error) { l.ear.Ended(err) }

// Say sends the bodies of what is to be sent; there is no word for anything else.
func (l *rawLine) Say(rs ...native.Request) {
	for _, r := range rs {
		if s, ok := r.(*native.Send); ok {
			send(l.conn, s.Body.Data)
		}
	}
}

func (l *rawLine) Close() { _ = l.conn.CloseNow() }
