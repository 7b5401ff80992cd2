package socketio

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/vechehq/veche/wire/socketio"
)

// Namespace is a space of its own on the same connections: its own sockets, rooms, middleware and handlers. It is safe for
// concurrent use.
//
// Lock order: Server.mu → Namespace.mu → Socket.mu → client.mu.
type Namespace struct {
	server *Server // immutable
	name   string  // immutable
	parent *Parent // immutable; nil for a static one
	ids    atomic.Uint64

	mu         sync.Mutex // guards what follows
	sockets    map[string]*Socket
	rooms      map[string]map[*Socket]struct{} // beside each socket's own, which is named by its id
	middleware []func(*Socket) error
	connection []func(*Socket)
	recovery   Recovery
	history    *history  // nil if the namespace is not Recoverable
	servers    []handler // of events of other nodes; never changed, but replaced
	watch      *watch    // nil if nobody looks at the rooms
}

func newNamespace(io *Server, name string) *Namespace {
	n := &Namespace{
		server: io, name: name,
		sockets: make(map[string]*Socket), rooms: make(map[string]map[*Socket]struct{}),
	}
	if o := io.options.Recovery; o != nil {
		n.Recoverable(o)
	}
	return n
}

// Name returns the namespace's name, "/" for the default one.
func (n *Namespace) Name() string { return n.name }

// OnConnection adds a function that is called for each socket that has joined, on the socket's goroutine before its first
// event.
func (n *Namespace) OnConnection(f func(*Socket)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.connection = append(n.connection[:len(n.connection):len(n.connection)], f)
}

// On is OnConnection, as Socket.IO has it: the event is "connection" or "connect".
func (n *Namespace) On(event string, f func(*Socket)) {
	if event != "connection" && event != "connect" {
		panic(fmt.Sprintf("socketio: a namespace has no event %q", event))
	}
	n.OnConnection(f)
}

// Use adds a function that is asked about each socket that wants to join, in the order in which they were added, on a
// goroutine: it may block. An error refuses: the client gets connect_error with its message, and the data of an *[Error].
func (n *Namespace) Use(f func(*Socket) error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.middleware = append(n.middleware[:len(n.middleware):len(n.middleware)], f)
}

// Recovery brings sockets back after a disconnection: socket.io's Connection State Recovery.
type Recovery interface {
	// PID returns what a new socket's client shows to come back; empty if it cannot.
	PID(s *Socket) string
	// Recover looks whether a client that shows pid and the last offset that it has got can go on where it was, makes
	// that so, and returns the id of the socket that it had. What was missed is sent after Recover has returned.
	Recover(s *Socket, pid, offset string) (id string, ok bool)
}

// Recover sets the namespace's recovery. It is asked after the middleware.
func (n *Namespace) Recover(r Recovery) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.recovery = r
}

// kept returns the namespace's history, nil if it has none.
func (n *Namespace) kept() *history {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.history
}

// shield keeps an event without an offset from having one: clients that can recover take the last thing in an event for their offset if
// it is a string, and would not recover from that.
func (n *Namespace) shield(p *socketio.Packet) {
	n.mu.Lock()
	recovers := n.recovery != nil || n.history != nil
	n.mu.Unlock()
	if recovers && bytes.HasSuffix(p.Data, []byte(`"]`)) {
		p.Data = append(p.Data[:len(p.Data)-1], ",null]"...)
	}
}

// Socket returns the socket of an id, nil if it is not there.
func (n *Namespace) Socket(id string) *Socket {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sockets[id]
}

// Len is how many sockets are in the namespace.
func (n *Namespace) Len() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.sockets)
}

// add puts a socket in, and returns who had its id, and whether its client is gone already. CONNECT is the first thing that
// is said to it, whoever sends to it from then on.
func (n *Namespace) add(s *Socket, connect *encoded) (before *Socket, gone bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	before = n.sockets[s.id]
	n.sockets[s.id] = s
	return before, !s.client.admit(s, connect)
}

func (n *Namespace) remove(s *Socket) {
	n.mu.Lock()
	if n.sockets[s.id] == s {
		delete(n.sockets, s.id)
	}
	s.mu.Lock()
	for _, room := range s.rooms {
		n.leave(s, room)
	}
	s.mu.Unlock()
	last := n.parent != nil && len(n.sockets) == 0
	n.mu.Unlock()
	n.announce()
	if last {
		n.server.forget(n)
	}
}

func (n *Namespace) operator() *Broadcast { return &Broadcast{namespace: n} }

// To returns what emits to the sockets in any of the rooms. A socket's id is a room with it alone.
func (n *Namespace) To(rooms ...string) *Broadcast { return n.operator().To(rooms...) }

// In is To.
func (n *Namespace) In(rooms ...string) *Broadcast { return n.operator().To(rooms...) }

// Except returns what emits to the sockets that are in none of the rooms.
func (n *Namespace) Except(rooms ...string) *Broadcast { return n.operator().Except(rooms...) }

// Volatile returns what emits to the sockets that can take it now.
func (n *Namespace) Volatile() *Broadcast { return n.operator().Volatile() }

// Local returns what emits to the sockets of this node.
func (n *Namespace) Local() *Broadcast { return n.operator().Local() }

// Emit sends an event to all sockets of the namespace.
func (n *Namespace) Emit(event string, args ...any) error { return n.operator().Emit(event, args...) }

// Send is Emit of "message".
func (n *Namespace) Send(args ...any) error { return n.operator().Emit("message", args...) }

// Sockets returns all sockets of this node.
func (n *Namespace) Sockets() []*Socket { return n.operator().sockets() }

// FetchSockets returns all sockets of all nodes, as Broadcast.FetchSockets.
func (n *Namespace) FetchSockets(ctx context.Context) ([]*RemoteSocket, error) {
	return n.operator().FetchSockets(ctx)
}

// EmitWithAck asks all sockets of all nodes, as Broadcast.EmitWithAck.
func (n *Namespace) EmitWithAck(ctx context.Context, event string, args ...any) ([]Args, error) {
	return n.operator().EmitWithAck(ctx, event, args...)
}

// SocketsJoin puts all sockets into rooms.
func (n *Namespace) SocketsJoin(rooms ...string) { n.operator().SocketsJoin(rooms...) }

// SocketsLeave takes all sockets out of rooms.
func (n *Namespace) SocketsLeave(rooms ...string) { n.operator().SocketsLeave(rooms...) }

// DisconnectSockets disconnects all sockets; with close their connections too.
func (n *Namespace) DisconnectSockets(close bool) { n.operator().DisconnectSockets(close) }

// Error is an error that clients see: of a middleware as connect_error, of a Reply handler as {"error": …}.
type Error struct {
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"` // as encoding/json makes of it
}

func (e *Error) Error() string { return e.Message }

// id returns the next id of an acknowledgement.
func (n *Namespace) id() uint64 { return n.ids.Add(1) - 1 }

func (n *Namespace) packet(t socketio.Type) socketio.Packet {
	return socketio.Packet{Type: t, Namespace: n.name}
}
