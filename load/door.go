// Door: the ways into a room, and how each is spoken.

package load

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/vechehq/veche/wire/native"
	"github.com/vechehq/veche/ws"
)

// door is a way in.
type door struct {
	dial    func(ctx context.Context, c *client) (line, error)
	acks    bool // it acknowledges; else a client's own message, as it comes, is the acknowledgement
	repeats bool // what was not acknowledged may be sent again, and is stored once
}

// line carries what a client says. Its client is told what it hears, and when it has ended.
type line interface {
	start()
	say(r native.Request) // never blocks; what the door has no words for is dropped
	shut()                // ends it gently
	cut()                 // ends it as a network would
}

var doors = map[string]*door{
	"websocket": {dialWebSocket, true, true},
	"raw":       {dialRaw, false, false},
}

// Doors are the names of the doors: websocket is the native protocol on /ws, raw is /raw/{room}.
func Doors() []string { return slices.Sorted(maps.Keys(doors)) }

// socket is a line over a WebSocket.
type socket struct {
	conn   *ws.Conn
	client *client
	speak  func(native.Request) []byte // nil for what the door has no words for
	decode func([]byte) event
}

func (s *socket) start() { s.conn.Start(s) }
func (s *socket) shut()  { s.conn.Shut(ws.StatusNormal, "") }
func (s *socket) cut()   { _ = s.conn.CloseNow() }

// say queues. What does not fit ends the line: a server that reads so little has lost this client.
func (s *socket) say(r native.Request) {
	text := s.speak(r)
	if text != nil && s.conn.Send(ws.Text, text) != nil {
		s.shut()
	}
}

// Message gives the client what it hears.
func (s *socket) Message(_ *ws.Conn, _ ws.MessageType, data []byte) {
	s.client.hears(s, s.client.room.read(data, s.decode))
}

// Closed tells the client.
func (s *socket) Closed(_ *ws.Conn, err error) {
	s.client.lost(s, err)
	s.client.crowd.lines.Done()
}

// open opens a WebSocket at a path.
func open(ctx context.Context, c *client, path string, subprotocols ...string) (*socket, error) {
	conn, _, err := ws.Dial(ctx, c.crowd.config.URL+path, &ws.DialOptions{
		Options:      ws.Options{MaxMessage: maxObject, CloseTimeout: time.Second, Log: slog.New(slog.DiscardHandler)},
		Subprotocols: subprotocols,
		DialContext:  connect,
	})
	if err != nil {
		return nil, err
	}
	return &socket{conn: conn, client: c}, nil
}

// connect makes a connection that ends with a reset: so does one that a network cuts, and no port waits
// afterwards (RFC 9293, 3.6.1: TIME-WAIT), of which a wave would soon use up all.
func connect(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
		err = tcp.SetLinger(0)
	}
	return conn, err
}

// maxObject is the largest object of a server, in bytes.
const maxObject = 4 << 20

func dialWebSocket(ctx context.Context, c *client) (line, error) {
	s, err := open(ctx, c, "/ws?hello=1", native.Subprotocol)
	if err != nil {
		return nil, err
	}
	s.speak = func(r native.Request) []byte { return r.Append(nil) }
	s.decode = func(text []byte) event {
		e, err := native.DecodeEvent(text)
		if err != nil {
			c.crowd.broken("client %d cannot read %.200q: %v", c.number, text, err)
		}
		if m, ok := e.(*native.Message); ok {
			return event{m, readMark(m.Body.Data, c.crowd.run)}
		}
		return event{Event: e}
	}
	return s, nil
}

// dialRaw opens a raw door: the URL joins, a frame is a message's text, and seqs are counted.
func dialRaw(ctx context.Context, c *client) (line, error) {
	join := c.cursor()
	query := url.Values{"welcome": {"1"}}
	if join.Replay {
		query.Set("since", fmt.Sprint(join.Since))
	}
	var offered []string
	if c.crowd.config.Token != nil {
		token, err := c.crowd.config.Token(c.userName())
		if err != nil {
			return nil, err
		}
		offered = []string{"veche.token." + token}
	}
	s, err := open(ctx, c, "/raw/"+url.PathEscape(join.Room)+"?"+query.Encode(), offered...)
	if err != nil {
		return nil, err
	}
	s.speak = func(r native.Request) []byte {
		if send, ok := r.(*native.Send); ok {
			return send.Body.Data
		}
		return nil
	}
	return &rawSocket{socket: s}, nil
}

// rawSocket is a socket whose first frame is a welcome, and on which nothing has a number.
type rawSocket struct {
	*socket
	welcomed bool
	last     uint64
}

func (s *rawSocket) start() { s.conn.Start(s) }

func (s *rawSocket) Message(_ *ws.Conn, _ ws.MessageType, data []byte) {
	c := s.client
	if !s.welcomed {
		s.welcomed = true
		var w struct {
			Head  uint64
			Epoch string
		}
		if err := json.Unmarshal(data, &w); err != nil {
			c.crowd.broken("client %d cannot read the welcome %.200q: %v", c.number, data, err)
		}
		c.hears(s, event{Event: &native.JoinOK{Head: w.Head, Epoch: w.Epoch}})
		s.last = c.heard()
		return
	}
	s.last++
	c.hears(s, event{&native.Message{Seq: s.last}, readMark(data, c.crowd.run)})
}

func (s *rawSocket) Closed(_ *ws.Conn, err error) {
	s.client.lost(s, err)
	s.client.crowd.lines.Done()
}
