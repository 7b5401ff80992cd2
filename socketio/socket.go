package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/socketio"
)

// Socket is a client in a namespace. It is safe for concurrent use.
type Socket struct {
	// Data is the application's own. Nothing else touches it.
	Data any

	namespace *Namespace // immutable
	client    *client    // immutable
	auth      string     // immutable; JSON, empty if the client gave none

	id        string // immutable once the socket is in its namespace
	source    Source // set by middleware, with mu held; immutable once the socket is connected
	connected bool   // guarded by client.mu
	recovered bool   // immutable once the socket is in its namespace
	overheard bool   // somebody listens to what is emitted; guarded by Namespace.mu

	mu       sync.Mutex // guards what follows
	running  bool       // a goroutine works on tasks
	paused   bool       // the client is not read, because of tasks
	ended    bool
	told     bool     // the source knows of the end
	tasks    []func() // wait for the goroutine
	rooms    []string
	handlers []handler // never changed, but replaced
	seldom   *seldom   // nil while there is none of it
}

// seldom is what most sockets have nothing of.
type seldom struct {
	any      []func(string, Args)
	outgoing []func(string, Args) // never changed, but replaced
	upgraded []func(transport string)
	use      []func(*Event) error
	acks     map[uint64]func(Args, error)
	tie      *tie            // set before the socket is in its namespace
	data     json.RawMessage // Data as it was saved
}

var nothing seldom

// few returns what there is, to look at. mu is held.
func (s *Socket) few() *seldom {
	if s.seldom == nil {
		return &nothing
	}
	return s.seldom
}

// more returns it to be changed. mu is held.
func (s *Socket) more() *seldom {
	if s.seldom == nil {
		s.seldom = &seldom{}
	}
	return s.seldom
}

// Bounds of a socket.
const (
	maxTasks = 256
	maxRooms = 256
	maxAcks  = 4096
)

// ErrClosed is what a socket says that has been disconnected.
var ErrClosed = errors.New("socketio: the socket is disconnected")

// ErrTooManyAcks is when a socket waits for 4,096 acknowledgements already.
var ErrTooManyAcks = errors.New("socketio: the socket waits for too many acknowledgements")

// ID names the socket, and the room that it alone is in.
func (s *Socket) ID() string { return s.id }

// Recovered tells that the socket goes on where an earlier connection of the client was cut off.
func (s *Socket) Recovered() bool { return s.recovered }

// Namespace returns the socket's namespace.
func (s *Socket) Namespace() *Namespace { return s.namespace }

// Server returns the socket's server.
func (s *Socket) Server() *Server { return s.namespace.server }

// Handshake returns what the client said to come in.
func (s *Socket) Handshake() Handshake {
	h := s.client.visit.handshake()
	h.Auth = s.said()
	return h
}

// Transport names the way that the client comes now: "polling" or "websocket".
func (s *Socket) Transport() string { return s.client.conn.Transport() }

// OnUpgrade adds a function that is called when the client has changed its transport, from "polling" to the one that is given. What is
// called before that is missed: see Transport.
func (s *Socket) OnUpgrade(f func(transport string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.more()
	m.upgraded = append(slices.Clip(m.upgraded), f)
}

// upgrade calls OnUpgrade's functions, after the events that came before.
func (s *Socket) upgrade() {
	s.mu.Lock()
	all := s.few().upgraded
	s.mu.Unlock()
	if len(all) == 0 {
		return
	}
	s.queue(func() {
		for _, f := range all {
			f(s.Transport())
		}
	})
}

// Connected reports whether the socket is in its namespace.
func (s *Socket) Connected() bool {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return s.connected
}

// Rooms returns the rooms that the socket is in, its own among them.
func (s *Socket) Rooms() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{s.id}, s.rooms...)
}

func (s *Socket) join(rooms []string) {
	n := s.namespace
	defer n.announce()
	n.mu.Lock()
	defer n.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, room := range rooms {
		if s.ended || room == s.id || len(s.rooms) >= maxRooms || slices.Contains(s.rooms, room) {
			continue
		}
		s.rooms = append(s.rooms, room)
		n.enter(s, room)
	}
}

// Join puts the socket into rooms; above 256 rooms they are left out.
func (s *Socket) Join(rooms ...string) {
	s.join(rooms)
	s.save(nil)
}

// Leave takes the socket out of a room.
func (s *Socket) Leave(room string) {
	s.leave(room)
	s.save(nil)
}

func (s *Socket) leave(room string) {
	n := s.namespace
	defer n.announce()
	n.mu.Lock()
	defer n.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.rooms, room); i >= 0 {
		s.rooms = slices.Delete(s.rooms, i, i+1)
		n.leave(s, room)
	}
}

// To returns what emits to the sockets in any of the rooms but this one.
func (s *Socket) To(rooms ...string) *Broadcast { return s.Broadcast().To(rooms...) }

// In is To.
func (s *Socket) In(rooms ...string) *Broadcast { return s.Broadcast().To(rooms...) }

// Except returns what emits to all sockets but this one and those in the rooms.
func (s *Socket) Except(rooms ...string) *Broadcast { return s.Broadcast().Except(rooms...) }

// Broadcast returns what emits to all sockets of the namespace but this one.
func (s *Socket) Broadcast() *Broadcast { return &Broadcast{namespace: s.namespace, self: s} }

// Emit sends an event to the client, and never waits. If the last argument is a func(Args, error), the client is asked
// to answer, and it is called with the answer, or with ErrClosed when the socket ends before; with a time limit see EmitWithAck.
func (s *Socket) Emit(event string, args ...any) error {
	var ack func(Args, error)
	if n := len(args); n > 0 {
		if f, ok := args[n-1].(func(Args, error)); ok {
			ack, args = f, args[:n-1]
		}
	}
	p, err := s.namespace.event(event, args)
	if err != nil {
		return err
	}
	if ack != nil {
		p.ID, p.HasID = s.namespace.id(), true
		if !s.expect(p.ID, ack) {
			return ErrTooManyAcks
		}
	} else if h := s.namespace.kept(); h != nil {
		return h.emit(s.namespace.To(s.id), p)
	} else {
		s.namespace.shield(p)
	}
	s.emit(p, false)
	return nil
}

// emit sends an event now.
func (s *Socket) emit(p *wire.Packet, volatile bool) {
	s.show(p, false)
	s.client.push(encode(p), volatile)
}

// Send is Emit of "message".
func (s *Socket) Send(args ...any) error { return s.Emit("message", args...) }

// EmitVolatile sends an event if the client can take it now.
func (s *Socket) EmitVolatile(event string, args ...any) error {
	p, err := s.namespace.event(event, args)
	if err == nil {
		s.namespace.shield(p)
		s.emit(p, true)
	}
	return err
}

// EmitWithAck sends an event and waits for the client's answer, until ctx ends.
func (s *Socket) EmitWithAck(ctx context.Context, event string, args ...any) (Args, error) {
	p, err := s.namespace.event(event, args)
	if err != nil {
		return Args{}, err
	}
	type answer struct {
		args Args
		err  error
	}
	came := make(chan answer, 1)
	p.ID, p.HasID = s.namespace.id(), true
	if !s.expect(p.ID, func(a Args, err error) { came <- answer{a, err} }) {
		return Args{}, ErrTooManyAcks
	}
	s.emit(p, false)
	select {
	case a := <-came:
		return a.args, a.err
	case <-ctx.Done():
		s.answered(p.ID, Args{}, ctx.Err())
		return Args{}, ctx.Err()
	}
}

// expect keeps f for the answer to an id; it is called once, at last when the socket ends.
func (s *Socket) expect(id uint64, f func(Args, error)) bool {
	s.mu.Lock()
	ended, full := s.ended, len(s.few().acks) >= maxAcks
	if !ended && !full {
		m := s.more()
		if m.acks == nil {
			m.acks = make(map[uint64]func(Args, error))
		}
		m.acks[id] = f
	}
	s.mu.Unlock()
	if ended {
		f(Args{}, ErrClosed)
	}
	return !full
}

// answered gives an answer to who waits for it, if somebody does.
func (s *Socket) answered(id uint64, a Args, err error) {
	s.mu.Lock()
	acks := s.few().acks
	f := acks[id]
	delete(acks, id)
	s.mu.Unlock()
	if f != nil {
		f(a, err)
	}
}

// Disconnect takes the socket out of its namespace, and tells the client; with close it ends the whole connection.
func (s *Socket) Disconnect(close bool) {
	c := s.client
	sockets := []*Socket{s}
	if close {
		c.mu.Lock()
		sockets = append([]*Socket(nil), c.sockets...)
		c.mu.Unlock()
	}
	for _, s := range sockets {
		if s.Connected() {
			p := s.namespace.packet(wire.Disconnect)
			c.push(encode(&p), false)
		}
		s.end("server namespace disconnect")
	}
	if close {
		c.leave()
	}
}

// end takes the socket out of its namespace.
func (s *Socket) end(reason string) {
	c := s.client
	c.mu.Lock()
	was := s.connected
	s.connected = false
	c.mu.Unlock()
	c.drop(s)
	s.mu.Lock()
	first := !s.ended
	s.ended = true
	acks := s.few().acks
	if acks != nil {
		s.seldom.acks = nil
	}
	s.mu.Unlock()
	if !first {
		return
	}
	for _, f := range acks {
		f(Args{}, ErrClosed)
	}
	s.parted(reason)
	s.settle(reason)
	if was {
		s.farewell(reason)
	}
}

// settle takes the socket out of where it is known, and tells its source, once.
func (s *Socket) settle(reason string) {
	s.namespace.remove(s)
	s.mu.Lock()
	tell := s.source != nil && !s.told
	s.told = s.told || tell
	s.mu.Unlock()
	if tell {
		s.source.Ended(reason)
	}
}

// farewell calls the handlers of the end, after the events that came before.
func (s *Socket) farewell(reason string) {
	args := Args{elements: [][]byte{appendString(nil, reason)}}
	s.mu.Lock()
	handlers := s.handlers
	s.mu.Unlock()
	if !handles(handlers, "disconnecting") && !handles(handlers, "disconnect") {
		return
	}
	s.queue(func() {
		s.tell(handlers, "disconnecting", args)
		s.mu.Lock()
		s.rooms = nil
		s.mu.Unlock()
		s.tell(handlers, "disconnect", args)
	})
}

// Source is a queue of messages beside Emit's, for who has one of their own, such as gateway/socketio.
type Source interface {
	// Drain is called when the client has taken what was sent before, as transport.Handler's. It sends by the Say functions.
	Drain() (more bool)
	// Take gets each event of the client and reports whether it was one of the source's; the others go to handlers. It must
	// not block: the client is not read meanwhile.
	Take(e *Event) bool
	// Ended is called once, with the reason of the end, also if the socket never got into its namespace.
	Ended(reason string)
}

// Attach gives the socket its Source. It is called by middleware, once.
func (s *Socket) Attach(source Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.source = source
}

// Source returns what Attach was given.
func (s *Socket) Source() Source { return s.source }

// Wake asks for a Drain of the Source. It never blocks, and may be called with any lock held.
func (s *Socket) Wake() { s.client.conn.Wake() }

// Say sends an event at once. It is for a Source in its Drain only.
func (s *Socket) Say(event string, args ...any) error {
	p, err := Prepare(s.namespace.name, event, args...)
	if err != nil {
		return err
	}
	return s.SayPrepared(p)
}

// SayPrepared is Say for an event that goes to many sockets of its namespace.
func (s *Socket) SayPrepared(p *Prepared) error { return s.client.say((*encoded)(p)) }

// Pipe returns the connection beneath the socket, which other namespaces may share.
func (s *Socket) Pipe() transport.Pipe { return s.client.conn }
