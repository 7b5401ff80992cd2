// The native door: one object in each message of a WebSocket.

package doors

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vechehq/veche/wire/native"
	"github.com/vechehq/veche/ws"
)

// maxAnswer is the largest thing that is taken, in bytes: see docs/protocol.md, history.
const maxAnswer = 4 << 20

// dial opens a WebSocket.
func (v *Visit) dial(ctx context.Context, path string, q url.Values) (*ws.Conn, error) {
	c, _, err := ws.Dial(ctx, "ws"+strings.TrimPrefix(v.URL, "http")+path+"?"+q.Encode(), &ws.DialOptions{
		Options: ws.Options{
			MaxMessage: maxAnswer, SendBuffer: maxAnswer, CloseTimeout: time.Second, Log: slog.New(slog.DiscardHandler),
		},
		Header:      v.header(),
		DialContext: v.Dial,
	})
	return c, err
}

// start has a handler told what comes.
func (v *Visit) start(c *ws.Conn, h ws.Handler) {
	if v.Waiting {
		h = ws.Serial(h)
	}
	c.Start(h)
}

func unreadable(what []byte, err error) error {
	return fmt.Errorf("%w: %.200q", err, what)
}

// webSocket is /ws.
type webSocket struct{}

func (webSocket) Name() string           { return "websocket" }
func (webSocket) Lingers() time.Duration { return 0 }

// Open has somebody with a token join by the URL; a guest says by hello who it was.
func (webSocket) Open(ctx context.Context, v Visit, ear Ear) (Line, error) {
	q := url.Values{"hello": {"1"}}
	if v.Token != "" {
		q = v.query()
		q.Set("room", v.Room)
	}
	c, err := v.dial(ctx, "/ws", q)
	if err != nil {
		return nil, err
	}
	return &nativeLine{c, v, ear}, nil
}

// query is a join in a URL, but for the room.
func (v *Visit) query() url.Values {
	if !v.Replay {
		return url.Values{}
	}
	return url.Values{"since": {strconv.FormatUint(v.Last, 10)}, "epoch": {v.Epoch}}
}

type nativeLine struct {
	conn  *ws.Conn
	visit Visit
	ear   Ear
}

func (l *nativeLine) Start() {
	l.visit.start(l.conn, l)
	if l.visit.Token == "" {
		l.Say(&native.Hello{Resume: l.visit.Resume}, l.visit.join())
	}
}

func (l *nativeLine) Message(_ *ws.Conn, _ ws.MessageType, data []byte) { l.visit.tell(l.ear, data) }
func (l *nativeLine) Closed(_ *ws.Conn, err error)                      { l.ear.Ended(err) }

func (l *nativeLine) Say(rs ...native.Request) {
	for _, r := range rs {
		send(l.conn, r.Append(nil))
	}
}

func (l *nativeLine) Close() { _ = l.conn.CloseNow() }

// send sends a text. What does not fit ends the connection: a server that reads so little has lost this client.
func send(c *ws.Conn, text []byte) {
	if err := c.Send(ws.Text, text); err != nil {
		_ = c.CloseNow()
	}
}
