// The doors that are WebSockets: the native one, and the raw one.

package prove

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/vechehq/veche/wire/native"
	"github.com/vechehq/veche/ws"
)

// maxAnswer is the largest message that is taken: see docs/protocol.md, history.
const maxAnswer = 4 << 20

// dial opens a WebSocket, whose messages h gets.
func dial(ctx context.Context, v Visit, path string, q url.Values, h ws.Handler) (*ws.Conn, error) {
	u := url.URL{Scheme: "ws", Host: v.Addr, Path: path, RawQuery: q.Encode()}
	c, _, err := ws.Dial(ctx, u.String(), &ws.DialOptions{
		Options: ws.Options{MaxMessage: maxAnswer, SendBuffer: maxAnswer, Mode: ws.ModeGoroutine},
		Header:  http.Header{"Authorization": {"Bearer " + v.Token}},
	})
	if err != nil {
		return nil, err
	}
	c.Start(ws.Serial(h))
	return c, nil
}

func (v Visit) query() url.Values {
	return url.Values{"room": {v.Room}, "since": {strconv.FormatUint(v.Last, 10)}, "epoch": {v.Epoch}}
}

// webSocket is /ws.
type webSocket struct{}

func (webSocket) Name() string { return "websocket" }

func (webSocket) Open(ctx context.Context, v Visit, ear Ear) (Line, error) {
	c, err := dial(ctx, v, "/ws", v.query(), nativeEar{ear})
	if err != nil {
		return nil, err
	}
	return nativeLine{c}, nil
}

// nativeEar hears one object in each message.
type nativeEar struct{ ear Ear }

func (n nativeEar) Message(_ *ws.Conn, _ ws.MessageType, data []byte) { tell(n.ear, data) }
func (n nativeEar) Closed(_ *ws.Conn, err error)                      { n.ear.Ended(err) }

// tell tells an object; what is none is told as an error without a code.
func tell(ear Ear, object []byte) {
	e, err := native.DecodeEvent(object)
	switch {
	case err != nil:
		ear.Hear(&native.Error{Message: err.Error() + ": " + string(object)})
	case e != nil:
		ear.Hear(e)
	}
}

type nativeLine struct{ conn *ws.Conn }

func (l nativeLine) Say(rs ...native.Request) {
	for _, r := range rs {
		_ = l.conn.Send(ws.Text, r.Append(nil)) // its end is told by Closed
	}
}

func (l nativeLine) Close() { _ = l.conn.CloseNow() }

// rawDoor is /raw/{room}. Its messages are counted from where it began.
type rawDoor struct{}

func (rawDoor) Name() string { return "raw" }
func (rawDoor) Mute()        {}

func (rawDoor) Open(ctx context.Context, v Visit, ear Ear) (Line, error) {
	q := v.query()
	q.Del("room")
	q.Set("welcome", "1")
	c, err := dial(ctx, v, "/raw/"+v.Room, q, &rawEar{ear: ear, room: v.Room, last: v.Last})
	if err != nil {
		return nil, err
	}
	return rawLine{c}, nil
}

type rawEar struct {
	ear     Ear
	room    string
	last    uint64
	welcome sync.Once
}

func (r *rawEar) Message(_ *ws.Conn, _ ws.MessageType, data []byte) {
	first := false
	r.welcome.Do(func() { first = true })
	if first {
		ok := &native.JoinOK{Room: r.room}
		if err := json.Unmarshal(data, ok); err != nil { // of which it has the head and the epoch
			r.ear.Hear(&native.Error{Message: err.Error()})
			return
		}
		r.ear.Hear(ok)
		return
	}
	r.last++
	r.ear.Hear(&native.Message{Room: r.room, Seq: r.last, Body: native.Body{Format: native.Text, Data: data}})
}

func (r *rawEar) Closed(_ *ws.Conn, err error) { r.ear.Ended(err) }

type rawLine struct{ conn *ws.Conn }

// Say sends the bodies of what is to be sent; there is no word for anything else.
func (l rawLine) Say(rs ...native.Request) {
	for _, r := range rs {
		if s, ok := r.(*native.Send); ok {
			_ = l.conn.Send(ws.Text, s.Body.Data)
		}
	}
}

func (l rawLine) Close() { _ = l.conn.CloseNow() }
