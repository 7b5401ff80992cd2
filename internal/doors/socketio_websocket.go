// Socket.IO by a WebSocket from the beginning.

package doors

import (
	"context"
	"net/url"
	"time"

	"github.com/vechehq/veche/wire/engineio"
	"github.com/vechehq/veche/ws"
)

// socketIO is /socket.io/ by WebSocket.
type socketIO struct{}

func (socketIO) Name() string           { return "socketio" }
func (socketIO) Lingers() time.Duration { return 0 }

func (socketIO) Open(ctx context.Context, v Visit, ear Ear) (Line, error) {
	c, err := v.dial(ctx, socketPath, url.Values{"EIO": {engineio.Version}, "transport": {"websocket"}})
	if err != nil {
		return nil, err
	}
	l := &socketLine{newSocket(v, ear), c}
	l.out = func(packet []byte) { send(c, packet) }
	l.close = l.Close
	return l, nil
}

type socketLine struct {
	*socket
	conn *ws.Conn
}

func (l *socketLine) Start() { l.visit.start(l.conn, l) }

func (l *socketLine) Message(_ *ws.Conn, _ ws.MessageType, data []byte) { l.text(data) }
func (l *socketLine) Closed(_ *ws.Conn, err error)                      { l.ear.Ended(err) }

func (l *socketLine) Close() { _ = l.conn.CloseNow() }
