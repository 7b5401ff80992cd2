package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/vechehq/veche/ws"
)

// Compression is the engine's.
type Compression = ws.Compression

// The engine's kinds of compression.
const (
	CompressionOff        = ws.CompressionOff
	CompressionNoTakeover = ws.CompressionNoTakeover
	CompressionTakeover   = ws.CompressionTakeover
)

// Options of the WebSocket transport. The zero value is sensible.
type Options struct {
	MaxMessage     int64         // bytes of one message of a client; 1 MiB. Above: close 1009
	PingInterval   time.Duration // 25 s
	PongTimeout    time.Duration // silence after a ping that ends the connection; PingInterval
	WriteTimeout   time.Duration // a client that takes nothing for so long is dropped; 30 s
	SendBuffer     int           // bytes that one turn may leave unsent; 16 MiB. Sessions send less: they are asked when it is empty
	Compression    ws.Compression
	Threshold      int      // bytes under which messages are not compressed; 0 means the engine's default
	OriginPatterns []string // origins of pages beside the server's own, as in ws.AcceptOptions
}

func (o Options) withDefaults() Options {
	if o.MaxMessage <= 0 {
		o.MaxMessage = 1 << 20
	}
	if o.PingInterval <= 0 {
		o.PingInterval = 25 * time.Second
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = 30 * time.Second
	}
	if o.SendBuffer <= 0 {
		o.SendBuffer = 16 << 20
	}
	return o
}

// WebSocket accepts WebSocket connections and knows those that live. It is safe for concurrent use.
type WebSocket struct {
	options Options
	sockets crew[*socket]
}

// NewWebSocket returns a transport. Close it.
func NewWebSocket(o Options) *WebSocket {
	t := &WebSocket{options: o.withDefaults()}
	t.sockets.init()
	return t
}

// Options returns the options in force.
func (t *WebSocket) Options() Options { return t.options }

// Serve upgrades a request and returns; the connection goes on by itself. Over HTTP/2, where an extended
// CONNECT (RFC 8441) is answered, it returns when the connection has ended. protocol chooses among the
// subprotocols that the client offers, "" for none; nil chooses none. open makes the pipe's session;
// it may Pause the pipe, but sends and closes only when first drained.
//
// A refused upgrade is answered here; headers that are already in w go out with either answer.
func (t *WebSocket) Serve(w http.ResponseWriter, r *http.Request, protocol func(offered []string) string, open func(Pipe) Handler) {
	if !t.sockets.begin() {
		http.Error(w, goingAway, http.StatusServiceUnavailable)
		return
	}
	conn, err := ws.Accept(w, r, t.acceptOptions(protocol))
	if err != nil { // and was answered
		t.sockets.end(nil)
		return
	}
	s := &socket{transport: t, conn: conn, over: overHTTP1}
	if r.ProtoMajor == 2 {
		s.over = overHTTP2
	}
	s.handler = open(s)
	if closing := t.sockets.opened(s); closing {
		s.Close(goingAwayCode, goingAway)
	}
	conn.Start(s)
}

// Names of the ways in.
const (
	overHTTP1 = "websocket"
	overHTTP2 = "websocket/h2"
)

// What is said to whom a transport sends away as it closes.
const (
	goingAwayCode = uint16(ws.StatusGoingAway)
	goingAway     = "the server is going away"
)

func (t *WebSocket) acceptOptions(protocol func([]string) string) *ws.AcceptOptions {
	o := &t.options
	return &ws.AcceptOptions{
		Options: ws.Options{
			MaxMessage:           o.MaxMessage,
			SendBuffer:           o.SendBuffer,
			WriteTimeout:         o.WriteTimeout,
			PingInterval:         o.PingInterval,
			PongTimeout:          o.PongTimeout,
			Compression:          o.Compression,
			CompressionThreshold: o.Threshold,
		},
		SelectSubprotocol: protocol,
		OriginPatterns:    o.OriginPatterns,
	}
}

// Len is how many connections live.
func (t *WebSocket) Len() int { return t.sockets.len() }

// Close lets nobody in any more, closes what is open with 1001, and waits until all sessions have had
// their Closed. When ctx ends the rest is cut off, and waited for.
func (t *WebSocket) Close(ctx context.Context) error {
	return t.sockets.close(ctx,
		func(s *socket) { s.Close(goingAwayCode, goingAway) },
		func(s *socket) { _ = s.conn.CloseNow() })
}

// socket is one connection: a Pipe to its session, a handler to the engine.
type socket struct {
	transport *WebSocket // immutable
	conn      *ws.Conn   // immutable
	over      string     // immutable
	handler   Handler    // immutable after open
}

func (s *socket) Send(m Message) error      { return s.conn.Send(messageType(m), m.Data) }
func (s *socket) SendShared(f *Frame) error { return s.conn.SendPrepared(f.prepared) }
func (s *socket) Wake()                     { s.conn.Wake() }
func (s *socket) Pause()                    { s.conn.Pause() }
func (s *socket) Resume()                   { s.conn.Resume() }
func (s *socket) Transport() string         { return s.over }

func (s *socket) Close(code uint16, reason string) { s.conn.Shut(ws.StatusCode(code), reason) }

// Message is the engine's.
func (s *socket) Message(_ *ws.Conn, typ ws.MessageType, data []byte) {
	s.handler.Receive(Message{Binary: typ == ws.Binary, Data: data})
}

// Drain is the engine's.
func (s *socket) Drain(*ws.Conn) (more bool) { return s.handler.Drain() }

// Closed is the engine's.
func (s *socket) Closed(_ *ws.Conn, err error) {
	s.handler.Closed(inOrder(err))
	s.transport.sockets.end(s)
}

// Broken tells an end that was somebody's mistake, a frame error or a message above the limit, from one where
// the client just went.
func Broken(err error) bool {
	if _, ok := errors.AsType[*ws.ProtocolError](err); ok {
		return true
	}
	_, ok := errors.AsType[*ws.TooBigError](err)
	return ok
}

// inOrder returns nil for the ends that clients mean.
func inOrder(err error) error {
	if e, ok := errors.AsType[*ws.CloseError](err); ok {
		switch e.Code {
		case ws.StatusNormal, ws.StatusGoingAway, ws.StatusNoStatus:
			return nil
		}
	}
	return err
}
