// Socket.IO: its events are the native protocol's requests, its acknowledgements the answers.

package doors

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

	"github.com/vechehq/veche/wire/engineio"
	"github.com/vechehq/veche/wire/native"
	"github.com/vechehq/veche/wire/socketio"
)

const socketPath = "/socket.io/"

// socket is a client in the default namespace, whatever carries its packets.
type socket struct {
	visit   Visit
	ear     Ear
	decoder socketio.Decoder    // owned by whoever gives it packets, one after the other
	out     func(packet []byte) // says a packet of Engine.IO
	close   func()              // ends the line

	mu    sync.Mutex
	acks  uint64               // guarded by mu
	asked map[uint64]native.ID // what was asked by which acknowledgement's id; guarded by mu
}

func newSocket(v Visit, ear Ear) *socket {
	return &socket{visit: v, ear: ear, asked: map[uint64]native.ID{}}
}

// take obeys a packet of Engine.IO.
func (s *socket) take(p engineio.Packet) {
	switch p.Type {
	case engineio.Open:
		s.connect()
	case engineio.Ping:
		s.out(engineio.Packet{Type: engineio.Pong}.Append(nil))
	case engineio.Close:
		s.close()
	case engineio.Message:
		packet, err := s.decoder.Text(p.Data)
		if err == nil && packet != nil {
			err = s.packet(packet)
		}
		if err != nil {
			s.ear.Wrong(unreadable(p.Data, err))
			s.close()
		}
	}
}

// text is take for a packet as it came.
func (s *socket) text(data []byte) {
	p, err := engineio.Decode(data)
	if err != nil {
		s.ear.Wrong(unreadable(data, err))
		s.close()
		return
	}
	s.take(p)
}

func (s *socket) connect() {
	var auth []byte
	if s.visit.Token != "" {
		auth, _ = json.Marshal(map[string]string{"token": s.visit.Token})
	}
	s.packetOut(&socketio.Packet{Type: socketio.Connect, Data: auth})
}

func (s *socket) packet(p *socketio.Packet) error {
	switch p.Type {
	case socketio.Connect:
		s.Say(s.visit.join())
	case socketio.ConnectError, socketio.Disconnect:
		s.close() // it may say so: the server drains, or is full
	case socketio.Ack:
		args := socketio.Elements(p.Data)
		if len(args) != 1 {
			return fmt.Errorf("an acknowledgement of %d", len(args))
		}
		return s.answer(p.ID, args[0])
	case socketio.Event:
		args := socketio.Elements(p.Data)
		if name, ok := socketio.EventName(args[0]); ok && name != "rooms" && len(args) > 1 {
			s.visit.tell(s.ear, args[1])
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
		return fmt.Errorf("an acknowledgement of nothing, %d", ack)
	}
	e, err := native.DecodeEvent(object)
	if err != nil {
		return err
	}
	s.ear.Hear(withID(e, id))
	return nil
}

// Say is the line's.
func (s *socket) Say(rs ...native.Request) {
	for _, r := range rs {
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
		s.packetOut(&socketio.Packet{Type: socketio.Event, ID: ack, HasID: true, Data: []byte(data)})
	}
}

func (s *socket) packetOut(p *socketio.Packet) {
	s.out(p.AppendText([]byte{byte(engineio.Message)}))
}

// withID gives an answer the id of its request.
func withID(e native.Event, id native.ID) native.Event {
	switch e := e.(type) {
	case *native.OK:
		e.ID = id
	case *native.JoinOK:
		e.ID = id
	case *native.SendOK:
		e.ID = id
	case *native.PresenceOK:
		e.ID = id
	case *native.HistoryOK:
		e.ID = id
	case *native.Pong:
		e.ID = id
	case *native.Error:
		e.ID = id
	}
	return e
}
