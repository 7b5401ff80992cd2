package socketio

import (
	"context"
	"slices"
	"sync"

	"github.com/vechehq/veche/transport/engineio"
	"github.com/vechehq/veche/wire/socketio"
)

// Broadcast chooses sockets of a namespace: those in any of its rooms (all, if it names none) and in none of its
// exceptions. Its methods return changed copies; it can be kept and used again.
type Broadcast struct {
	namespace *Namespace
	rooms     []string
	except    []string
	self      *Socket // not to be chosen
	volatile  bool
	local     bool
	number    uint64 // of the record that is sent; zero: of none
}

// To adds rooms.
func (b *Broadcast) To(rooms ...string) *Broadcast {
	c := *b
	c.rooms = append(slices.Clip(b.rooms), rooms...)
	return &c
}

// In is To.
func (b *Broadcast) In(rooms ...string) *Broadcast { return b.To(rooms...) }

// Except adds rooms whose sockets are not meant.
func (b *Broadcast) Except(rooms ...string) *Broadcast {
	c := *b
	c.except = append(slices.Clip(b.except), rooms...)
	return &c
}

// Volatile drops the event for a socket that cannot take it now: another event waits for it, or it is between two polls.
func (b *Broadcast) Volatile() *Broadcast {
	c := *b
	c.volatile = true
	return &c
}

// Local means this node's sockets only.
func (b *Broadcast) Local() *Broadcast {
	c := *b
	c.local = true
	return &c
}

// Emit sends an event. It is encoded once, and never waits. An error means that the arguments cannot be encoded, and
// nothing was sent.
func (b *Broadcast) Emit(event string, args ...any) error {
	p, err := b.namespace.event(event, args)
	if err != nil {
		return err
	}
	if h := b.namespace.kept(); h != nil && !b.volatile && !b.one() {
		return h.emit(b, p)
	}
	b.namespace.shield(p)
	show(b.push(p), p, false)
	b.tell(order{Do: "emit", Data: p.Data, Attachments: p.Attachments})
	return nil
}

// one reports whether the sockets of one node of several are meant.
func (b *Broadcast) one() bool { return b.local && b.namespace.server.link != nil }

// push gives a packet to this node's sockets: those that take text and for whom nothing waits at once, the others in their turn.
// It returns those whose OnAnyOutgoing is to be told, when no lock is held.
func (b *Broadcast) push(p *socketio.Packet) (overheard []*Socket) {
	e := encode(p)
	if b.volatile || len(p.Attachments) > 0 {
		b.each(func(s *Socket) {
			if s.overheard {
				overheard = append(overheard, s)
			}
			b.pushTo(s, e)
		})
		return overheard
	}
	refused := false
	engineio.Broadcast(e.in(textForm)[0], func(yield func(*engineio.Conn) bool) {
		b.each(func(s *Socket) {
			if s.overheard {
				overheard = append(overheard, s)
			}
			c := s.client
			c.mu.Lock()
			refused = c.form != textForm || !c.idle()
			if !refused {
				yield(c.conn)
			}
			c.mu.Unlock()
			if refused {
				b.pushTo(s, e)
			} else if b.number > 0 {
				s.reached(b.number)
			}
		})
	}, func(*engineio.Conn) { refused = true })
	return overheard
}

func (b *Broadcast) pushTo(s *Socket, e *encoded) {
	s.client.push(e, b.volatile)
	if b.number > 0 {
		s.reached(b.number)
	}
}

// pushWithAck gives a packet to this node's sockets and waits until each has answered it, or ctx ends. It returns the answers that came.
func (b *Broadcast) pushWithAck(ctx context.Context, p *socketio.Packet) ([]Args, error) {
	p.ID, p.HasID = b.namespace.id(), true
	var mu sync.Mutex
	var answers []Args
	var wait sync.WaitGroup
	e := encode(p)
	sockets := b.sockets()
	for _, s := range sockets {
		wait.Add(1)
		if !s.expect(p.ID, func(a Args, err error) {
			defer wait.Done()
			if err == nil {
				mu.Lock()
				answers = append(answers, a)
				mu.Unlock()
			}
		}) {
			wait.Done()
			continue
		}
		s.show(p, false)
		s.client.push(e, b.volatile)
	}
	stop := context.AfterFunc(ctx, func() {
		for _, s := range sockets {
			s.answered(p.ID, Args{}, ctx.Err())
		}
	})
	wait.Wait()
	if stop() {
		return answers, nil
	}
	mu.Lock()
	defer mu.Unlock()
	if len(answers) == len(sockets) {
		return answers, nil
	}
	return answers, ctx.Err()
}

// Sockets returns the sockets of this node.
func (b *Broadcast) Sockets() []*Socket { return b.sockets() }

func (b *Broadcast) sockets() []*Socket {
	var all []*Socket
	b.each(func(s *Socket) { all = append(all, s) })
	return all
}

// SocketsJoin puts the sockets into rooms.
func (b *Broadcast) SocketsJoin(rooms ...string) {
	for _, s := range b.sockets() {
		s.Join(rooms...)
	}
	b.tell(order{Do: "join", Names: rooms})
}

// SocketsLeave takes the sockets out of rooms.
func (b *Broadcast) SocketsLeave(rooms ...string) {
	for _, s := range b.sockets() {
		for _, room := range rooms {
			s.Leave(room)
		}
	}
	b.tell(order{Do: "leave", Names: rooms})
}

// DisconnectSockets disconnects the sockets; with close their connections too.
func (b *Broadcast) DisconnectSockets(close bool) {
	for _, s := range b.sockets() {
		s.Disconnect(close)
	}
	b.tell(order{Do: "disconnect", Close: close})
}

// each calls f for each socket, with the namespace's mutex held.
func (b *Broadcast) each(f func(*Socket)) {
	n := b.namespace
	n.mu.Lock()
	defer n.mu.Unlock()
	switch len(b.rooms) {
	case 0:
		for _, s := range n.sockets {
			b.offer(s, f)
		}
	case 1:
		n.inRoom(b.rooms[0], func(s *Socket) { b.offer(s, f) })
	default:
		seen := make(map[*Socket]struct{})
		for _, room := range b.rooms {
			n.inRoom(room, func(s *Socket) {
				if _, twice := seen[s]; !twice {
					seen[s] = struct{}{}
					b.offer(s, f)
				}
			})
		}
	}
}

// inRoom calls f for each socket in a room. mu is held.
func (n *Namespace) inRoom(room string, f func(*Socket)) {
	if s, own := n.sockets[room]; own {
		f(s)
	}
	for s := range n.rooms[room] {
		f(s)
	}
}

func (b *Broadcast) offer(s *Socket, f func(*Socket)) {
	if s == b.self {
		return
	}
	for _, room := range b.except {
		if _, in := b.namespace.rooms[room][s]; in || s.id == room {
			return
		}
	}
	f(s)
}

// event makes the packet of an event.
func (n *Namespace) event(name string, args []any) (*socketio.Packet, error) {
	return newEvent(n.name, name, args)
}

func newEvent(namespace, name string, args []any) (*socketio.Packet, error) {
	if socketio.Reserved(name) {
		return nil, &ReservedError{Event: name}
	}
	p := &socketio.Packet{Type: socketio.Event, Namespace: namespace}
	var err error
	p.Data, p.Attachments, err = appendArgs([]any{name}, args)
	return p, err
}

// ReservedError is an event with a name that only the protocol may use.
type ReservedError struct{ Event string }

func (e *ReservedError) Error() string { return "socketio: " + e.Event + " is a reserved event name" }
