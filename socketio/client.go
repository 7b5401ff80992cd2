package socketio

import (
	"net/http"
	"sync"

	"github.com/vechehq/veche/internal/deadline"
	"github.com/vechehq/veche/transport"
	"github.com/vechehq/veche/transport/engineio"
	wire "github.com/vechehq/veche/wire/socketio"
)

// client is one connection, with a socket for each namespace that it is in.
type client struct {
	server  *Server
	conn    *engineio.Conn
	visit   visit
	decoder wire.Decoder // owned by Receive

	mu       sync.Mutex // guards what follows
	sockets  []*Socket  // one per namespace, also those that are being asked about
	queue    []*encoded // waits for a Drain
	bytes    int        // of queue
	patience *patience  // while the client is in no namespace
	form     form
	draining bool // what was in queue is being sent
	leaving  bool // the connection ends when the queue is empty; nothing is heard
	gone     bool
}

// maxNamespaces is how many namespaces a client is in.
const maxNamespaces = 64

// open makes the client of a new connection.
func (io *Server) open(c *engineio.Conn, r *http.Request, answer http.Header) (transport.Handler, error) {
	var visitor any
	if greet := io.options.Greet; greet != nil {
		var err error
		if visitor, err = greet(r, answer); err != nil {
			return nil, err
		}
	}
	cl := &client{server: io, conn: c, visit: newVisit(r, visitor), form: unknownForm}
	cl.mu.Lock()
	cl.await()
	cl.mu.Unlock()
	if io.waiting.Len() > maxWaiting {
		if dropped, ok := io.waiting.Pop(0); ok {
			dropped.conn.Abort()
		}
	}
	return cl, nil
}

// maxWaiting is how many clients may be connected that have joined no namespace yet. Above it the one that has waited longest
// is dropped, so that whoever only knocks is in nobody's way.
const maxWaiting = 10_000

// patience is how long a client may be in no namespace.
type patience = deadline.Entry[*client]

// await sends the client away if it joins no namespace in time. mu is held.
func (c *client) await() {
	c.patience = new(patience)
	c.server.waiting.Set(c.patience, c, 0)
}

// overdue sends a client away that is in no namespace.
func (c *client) overdue() {
	c.mu.Lock()
	over := len(c.sockets) == 0
	c.mu.Unlock()
	if over {
		c.conn.Close(closeGoingAway, "no namespace was joined in time")
	}
}

// calm stops waiting for a namespace.
func (c *client) calm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.patience != nil {
		c.server.waiting.Stop(c.patience)
		c.patience = nil
	}
}

// Close codes of a WebSocket.
const (
	closeNormal    = 1000
	closeGoingAway = 1001
	closeProtocol  = 1002
	closeTryLater  = 1013
)

// push queues a packet. A client that does not take what waits is cut off.
func (c *client) push(e *encoded, volatile bool) {
	if volatile && !c.conn.Writable() {
		return
	}
	c.mu.Lock()
	if c.gone || c.leaving || volatile && len(c.queue) > 0 {
		c.mu.Unlock()
		return
	}
	if c.bytes+e.size > c.server.options.Buffer && len(c.queue) > 0 {
		c.queue, c.bytes, c.leaving = nil, 0, true
		c.mu.Unlock()
		c.conn.Close(closeTryLater, "the client does not read")
		return
	}
	c.queue = append(c.queue, e)
	c.bytes += e.size
	c.mu.Unlock()
	c.conn.Wake()
}

// admit queues a socket's CONNECT, and hears and drains the socket from then on. It reports false if the client is gone.
func (c *client) admit(s *Socket, connect *encoded) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || c.leaving {
		return false
	}
	s.connected = true
	c.queue = append(c.queue, connect)
	c.bytes += connect.size
	c.conn.Wake()
	return true
}

// idle reports whether what is sent to the client now overtakes nothing. mu is held.
func (c *client) idle() bool { return len(c.queue) == 0 && !c.draining && !c.leaving && !c.gone }

// turnBytes is about how much one Drain sends: what a slow client does not take stays in the queue, where it is bounded.
const turnBytes = 64 << 10

// take moves packets out of the queue.
func (c *client) take(buf []*encoded) (batch []*encoded, f form, more, leaving bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, bytes := 0, 0
	for n < len(c.queue) && bytes < turnBytes {
		bytes += c.queue[n].size
		n++
	}
	batch = append(buf, c.queue[:n]...)
	c.draining = n > 0
	c.bytes -= bytes
	if rest := len(c.queue) - n; rest > 0 {
		clear(c.queue[copy(c.queue, c.queue[n:]):])
		c.queue = c.queue[:rest]
	} else if cap(c.queue) > keep {
		c.queue = nil
	} else {
		clear(c.queue)
		c.queue = c.queue[:0]
	}
	return batch, c.form, len(c.queue) > 0, c.leaving
}

// keep is the largest queue that an idle client holds on to.
const keep = 16

// batches are for turns, so that an idle client has none.
var batches = sync.Pool{New: func() any { return new([64]*encoded) }}

// Drain is the connection's: it sends what waits.
func (c *client) Drain() (more bool) {
	buf := batches.Get().(*[64]*encoded)
	defer batches.Put(buf)
	defer clear(buf[:])
	batch, f, more, leaving := c.take(buf[:0])
	if f == unknownForm {
		f = textForm
	}
	for _, e := range batch {
		for _, frame := range e.in(f) {
			if c.conn.SendShared(frame) != nil {
				return false
			}
		}
	}
	if more {
		return true
	}
	if leaving {
		c.conn.Close(closeNormal, "")
		return false
	}
	return c.feed()
}

// feed drains the sockets' sources.
func (c *client) feed() (more bool) {
	var buf [4]Source
	sources := buf[:0]
	c.mu.Lock()
	c.draining = false
	if len(c.queue) > 0 { // CONNECT of one of them, perhaps
		c.mu.Unlock()
		return true
	}
	for _, s := range c.sockets {
		if s.connected && s.source != nil {
			sources = append(sources, s.source)
		}
	}
	c.mu.Unlock()
	for _, s := range sources {
		if s.Drain() {
			more = true
		}
	}
	return more
}

// say sends a packet at once. It is called in Drain.
func (c *client) say(e *encoded) error {
	c.mu.Lock()
	f := c.form
	c.mu.Unlock()
	for _, frame := range e.in(f) {
		if err := c.conn.SendShared(frame); err != nil {
			return err
		}
	}
	return nil
}

// Receive is the connection's: one message of the client.
func (c *client) Receive(m transport.Message) {
	c.mu.Lock()
	if c.form == unknownForm {
		c.form = textForm
		if m.Binary {
			c.form = msgPackForm
		}
	}
	f, deaf := c.form, c.leaving || c.gone
	c.mu.Unlock()
	if deaf {
		return
	}
	p, err := c.decode(f, m)
	if err == nil && p != nil {
		err = c.packet(p)
	}
	if err != nil {
		c.refuse(err)
	}
}

func (c *client) decode(f form, m transport.Message) (*wire.Packet, error) {
	switch {
	case f == msgPackForm && m.Binary:
		return wire.MsgPack(m.Data)
	case f == msgPackForm:
		return nil, wire.ErrMsgPack
	case !m.Binary:
		return c.decoder.Text(m.Data)
	case c.decoder.Waiting()+len(m.Data) > c.server.options.MaxPayload:
		return nil, errTooLarge
	}
	return c.decoder.Binary(m.Data)
}

// packet obeys a packet. An error ends the connection.
func (c *client) packet(p *wire.Packet) error {
	s := c.socket(p.Namespace)
	switch {
	case s == nil && p.Type == wire.Connect:
		return c.connect(p)
	case s == nil || !s.Connected() || p.Type == wire.Connect || p.Type == wire.ConnectError:
		return errState
	case p.Type == wire.Event:
		s.receive(p)
	case p.Type == wire.Ack:
		s.answered(p.ID, Args{wire.Elements(p.Data), p.Attachments}, nil)
	case p.Type == wire.Disconnect:
		s.end("client namespace disconnect")
	}
	return nil
}

// Upgraded is the connection's: the client has changed its transport.
func (c *client) Upgraded() {
	c.mu.Lock()
	sockets := append([]*Socket(nil), c.sockets...)
	c.mu.Unlock()
	for _, s := range sockets {
		s.upgrade()
	}
}

func (c *client) socket(namespace string) *Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sockets {
		if s.namespace.name == namespace {
			return s
		}
	}
	return nil
}

// refuse ends a connection that does not keep to the protocol.
func (c *client) refuse(err error) {
	c.server.options.Log.Debug("socket.io: a client is refused", "err", err)
	c.mu.Lock()
	c.leaving = true
	c.mu.Unlock()
	c.conn.Close(closeProtocol, err.Error())
}

// leave ends the connection when the queue is empty.
func (c *client) leave() {
	c.mu.Lock()
	c.leaving = true
	c.mu.Unlock()
	c.conn.Wake()
}

// Closed is the connection's: the client is gone.
func (c *client) Closed(err error) {
	reason := "transport close"
	if err != nil {
		reason = err.Error()
	}
	c.calm()
	c.mu.Lock()
	c.gone = true
	c.queue = nil
	sockets := append([]*Socket(nil), c.sockets...)
	c.mu.Unlock()
	for _, s := range sockets {
		s.end(reason)
	}
}

// drop forgets a socket.
func (c *client) drop(s *Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.sockets {
		if c.sockets[i] == s {
			last := len(c.sockets) - 1
			c.sockets[i], c.sockets[last] = c.sockets[last], nil
			c.sockets = c.sockets[:last]
			break
		}
	}
	if len(c.sockets) == 0 && !c.gone && c.patience == nil {
		c.await()
	}
}
