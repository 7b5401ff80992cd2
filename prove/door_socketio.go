// The door that is Socket.IO: its events are the native protocol's requests.

package prove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync"

	"github.com/vechehq/veche/wire/engineio"
	"github.com/vechehq/veche/wire/native"
	"github.com/vechehq/veche/wire/socketio"
	"github.com/vechehq/veche/ws"
)

// socketIO is /socket.io/ over WebSocket.
type socketIO struct{}

func (socketIO) Name() string { return "socketio" }

func (socketIO) Open(ctx context.Context, v Visit, ear Ear) (Line, error) {
	s := &socket{ear: ear, visit: v, asked: map[uint64]native.ID{}}
	c, err := dial(ctx, v, "/socket.io/", url.Values{"EIO": {engineio.Version}, "transport": {"websocket"}}, s)
	if err != nil {
		return nil, err
	}
	return socketLine{s, c}, nil
}

// socket is a client of Socket.IO.
type socket struct {
	ear     Ear
	visit   Visit
	decoder socketio.Decoder // of the reader

	mu    sync.Mutex
	acks  uint64               // guarded by mu
	asked map[uint64]native.ID // what was asked by which acknowledgement's id; guarded by mu
}

func (s *socket) Message(c *ws.Conn, _ ws.MessageType, data []byte) {
	p, err := engineio.Decode(data)
	if err != nil {
		s.wrong(c, err)
		return
	}
	switch p.Type {
	case engineio.Open:
		auth, _ := json.Marshal(map[string]string{"token": s.visit.Token})
		say(c, &socketio.Packet{Type: socketio.Connect, Data: auth})
	case engineio.Ping:
		_ = c.Send(ws.Text, engineio.Packet{Type: engineio.Pong}.Append(nil))
	case engineio.Message:
		packet, err := s.decoder.Text(p.Data)
		if err == nil && packet != nil {
			err = s.packet(c, packet)
		}
		if err != nil {
			s.wrong(c, err)
		}
	}
}

func (s *socket) wrong(c *ws.Conn, err error) {
	s.ear.Hear(&native.Error{Message: err.Error()})
	_ = c.CloseNow()
}

func (s *socket) Closed(_ *ws.Conn, err error) { s.ear.Ended(err) }

func (s *socket) packet(c *ws.Conn, p *socketio.Packet) error {
	switch p.Type {
	case socketio.Connect:
		v := s.visit
		s.emit(c, &native.Join{Room: v.Room, Since: int64(v.Last), Replay: true, Epoch: v.Epoch})
	case socketio.ConnectError:
		_ = c.CloseNow() // it says why, and may do so: the server drains, or is full
	case socketio.Ack:
		args := socketio.Elements(p.Data)
		if len(args) != 1 {
			return fmt.Errorf("an acknowledgement of %d", len(args))
		}
		return s.answer(p.ID, args[0])
	case socketio.Event:
		args := socketio.Elements(p.Data)
		if name, ok := socketio.EventName(args[0]); ok && name != "rooms" && len(args) > 1 {
			tell(s.ear, args[1])
		}
	}
	return nil
}

func (s *socket) answer(ack uint64, object []byte) error {
	s.mu.Lock()
	id, ok := s.asked[ack]
	delete(s.asked, ack)
	s.mu.Unlock()
	if !ok {
		return errors.New("an acknowledgement of nothing")
	}
	e, err := native.DecodeEvent(object)
	if err != nil {
		return err
	}
	s.ear.Hear(withID(e, id))
	return nil
}

// emit makes a request.
func (s *socket) emit(c *ws.Conn, r native.Request) {
	object := r.Append(nil)
	var head struct{ Type string }
	if err := json.Unmarshal(object, &head); err != nil {
		panic(err) // we wrote it
	}
	s.mu.Lock()
	s.acks++
	ack := s.acks
	s.asked[ack] = r.RequestID()
	s.mu.Unlock()
	data := "[" + strconv.Quote(head.Type) + "," + string(object) + "]"
	say(c, &socketio.Packet{Type: socketio.Event, ID: ack, HasID: true, Data: []byte(data)})
}

func say(c *ws.Conn, p *socketio.Packet) {
	text := p.AppendText([]byte{byte(engineio.Message)})
	_ = c.Send(ws.Text, text) // its end is told by Closed
}

type socketLine struct {
	socket *socket
	conn   *ws.Conn
}

func (l socketLine) Say(rs ...native.Request) {
	for _, r := range rs {
		l.socket.emit(l.conn, r)
	}
}

func (l socketLine) Close() { _ = l.conn.CloseNow() }
