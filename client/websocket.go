// WebSocket as a pipe: an object is a text message.

package client

import (
	"context"
	"net/url"
	"time"

	"github.com/vechehq/veche/wire/native"
	"github.com/vechehq/veche/ws"
)

const (
	// enough is how many bytes may wait to leave before the pipe says that it is full.
	enough = 64 << 10
	// maxAnswer is the largest object of the server: an answer to history stays below 1 MiB or holds a
	// single message, whose escapes may make it larger than its body.
	maxAnswer = 4 << 20
	// farewell bounds the closing handshake.
	farewell = time.Second
)

// webSocket opens /ws.
type webSocket struct {
	address string
	options ws.DialOptions
}

// newWebSocket takes an address of the schemes ws, wss, http and https; without a path it is /ws.
func newWebSocket(address string, o *Options) (*webSocket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, badRequest("the address: %v", err)
	}
	switch u.Scheme {
	case "ws", "wss", "http", "https":
	default:
		return nil, badRequest("the address %q does not begin with ws:// or wss://", address)
	}
	if u.Host == "" {
		return nil, badRequest("the address %q has no host", address)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/ws"
	}
	q := u.Query()
	q.Set("hello", "1")
	u.RawQuery = q.Encode()
	return &webSocket{u.String(), ws.DialOptions{
		Options: ws.Options{
			MaxMessage: maxAnswer, CloseTimeout: farewell, Mode: ws.ModeGoroutine,
			Compression: ws.CompressionNoTakeover, Log: o.Log,
		},
		Subprotocols: []string{native.Subprotocol},
		Header:       o.Header, TLSConfig: o.TLSConfig, Proxy: o.Proxy, DialContext: o.DialContext,
	}}, nil
}

func (w *webSocket) dial(ctx context.Context, h pipeHandler) (pipe, error) {
	conn, _, err := ws.Dial(ctx, w.address, &w.options)
	if err != nil {
		return nil, err
	}
	s := &socket{conn: conn, handler: h, gone: make(chan struct{})}
	conn.Start(s)
	return s, nil
}

// socket is one WebSocket connection.
type socket struct {
	conn    *ws.Conn
	handler pipeHandler
	gone    chan struct{}
}

func (s *socket) send(r native.Request) error { return s.conn.Send(ws.Text, r.Append(nil)) }

func (s *socket) full() bool {
	if s.conn.Buffered() < enough {
		return false
	}
	s.conn.Wake()
	return true
}

func (s *socket) close(gently bool) {
	if gently {
		s.conn.Shut(ws.StatusNormal, "")
	} else {
		_ = s.conn.CloseNow()
	}
}

func (s *socket) done() <-chan struct{} { return s.gone }

// Message gives the session what it understands; the rest is to be ignored.
func (s *socket) Message(_ *ws.Conn, typ ws.MessageType, data []byte) {
	if typ != ws.Text {
		return
	}
	if e, err := native.DecodeEvent(data); err == nil && e != nil {
		s.handler.received(e)
	}
}

// Drain is called when what was sent has left.
func (s *socket) Drain(*ws.Conn) bool {
	s.handler.drained()
	return false
}

func (s *socket) Closed(_ *ws.Conn, err error) {
	s.handler.closed(err)
	close(s.gone)
}
