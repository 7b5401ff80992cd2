package engineio

import (
	"crypto/rand"
	"errors"
	"sync"

	"github.com/vechehq/veche/internal/deadline"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/engineio"
)

// Why connections end, as handlers are told by Closed; nil means that the client closed in order. The texts are
// the reasons that Socket.IO's users know.
var (
	ErrTransport = errors.New("transport error")
	ErrPing      = errors.New("ping timeout")
	ErrParse     = errors.New("parse error")
	ErrShutdown  = errors.New("server shutting down")
	ErrForced    = errors.New("forced close") // this side called Close
)

// errPipe is what a pipe says that has ended.
var errPipe = errors.New("engineio: the connection has ended")

// Conn is one client's connection: the pipe to its handler.
//
// Lock order: receiving → draining → mu. mu is not held when anything is called but a pipe.
type Conn struct {
	server  *Server           // immutable
	secret  secret            // immutable
	handler transport.Handler // immutable after the handshake

	mu     sync.Mutex     // guards what follows
	socket transport.Pipe // the WebSocket; nil while the client polls
	poller *poller        // nil on a WebSocket
	cause  error          // what Closed gets
	alarm  alarm          // the next ping, or the end of patience
	first  bool           // the handshake waits for the socket's turn
	ping   bool           // a ping waits for the socket's turn
	pinged bool           // a ping waits for its pong
	ending bool           // Close was called: the client is to be told
	ended  bool
}

type alarm = deadline.Entry[*Conn]

// The lengths of Server.alarms.
const (
	alarmInterval = iota
	alarmTimeout
	alarmFarewell
)

var _ transport.Pipe = (*Conn)(nil)

func (s *Server) newConn(t string) *Conn {
	c := &Conn{server: s}
	_, _ = rand.Read(c.secret[:]) // it never fails
	if t == Polling {
		c.poller = newPoller()
	}
	return c
}

// ID is the connection's sid. It is a secret of the client's.
func (c *Conn) ID() string { return c.server.sid(c.secret) }

// begin queues the handshake and starts the heartbeat.
func (c *Conn) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	if c.poller != nil {
		c.poller.out = append(c.poller.out, transport.Message{Data: c.hello(c.server.upgrades())})
	} else {
		c.first = true
	}
	c.server.alarms.Set(&c.alarm, c, alarmInterval)
}

func (s *Server) upgrades() []string {
	for _, t := range s.options.Transports {
		if t == WebSocket {
			return []string{WebSocket}
		}
	}
	return nil
}

func (c *Conn) hello(upgrades []string) []byte {
	o := &c.server.options
	h := wire.Handshake{SID: c.ID(), Upgrades: upgrades, PingInterval: o.PingInterval, PingTimeout: o.PingTimeout, MaxPayload: o.MaxPayload}
	return h.Append(nil)
}

// beat is the alarm: it is time for a ping, or the client has not answered one.
func (c *Conn) beat() {
	c.mu.Lock()
	if c.ended || !c.server.alarms.Over(&c.alarm) { // a pong came at the same time
		c.mu.Unlock()
		return
	}
	if c.pinged {
		c.mu.Unlock()
		c.fail(ErrPing)
		return
	}
	c.pinged = true
	c.server.alarms.Follow(&c.alarm, c, alarmTimeout)
	c.sayPing()
	c.mu.Unlock()
}

// sayPing queues a ping. mu is held.
func (c *Conn) sayPing() {
	if c.poller != nil {
		c.poller.out = append(c.poller.out, transport.Message{Data: []byte{byte(wire.Ping)}})
		c.poller.signal()
		return
	}
	c.ping = true
	if c.socket != nil {
		c.socket.Wake()
	}
}

// expired reports whether the client's time is over, even if the alarm has not gone off yet, and ends it then.
func (c *Conn) expired() bool {
	c.mu.Lock()
	over := c.pinged && !c.ended && c.server.alarms.Over(&c.alarm)
	ended := c.ended && (c.poller == nil || !c.poller.parting)
	c.mu.Unlock()
	if over && !ended {
		c.fail(ErrPing)
	}
	return over || ended
}

// packet obeys one packet of the client. It reports whether the connection goes on.
func (c *Conn) packet(p wire.Packet) bool {
	switch p.Type {
	case wire.Message:
		c.handler.Receive(transport.Message{Binary: p.Binary, Data: p.Data})
	case wire.Pong:
		c.pong()
	case wire.Close:
		c.end(nil, wire.Noop)
		return false
	case wire.Ping: // the wrong direction
		c.end(ErrTransport, wire.Close)
		return false
	}
	return true
}

func (c *Conn) pong() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pinged && !c.ended {
		c.pinged = false
		c.server.alarms.Set(&c.alarm, c, alarmInterval)
	}
}

// Send is the pipe's. It copies m.Data.
func (c *Conn) Send(m transport.Message) error {
	if !m.Binary {
		m.Data = append(append(make([]byte, 0, len(m.Data)+1), byte(wire.Message)), m.Data...)
	}
	c.mu.Lock()
	socket := c.socket
	if c.ended || c.ending {
		c.mu.Unlock()
		return errPipe
	}
	if socket == nil {
		defer c.mu.Unlock()
		if m.Binary {
			m.Data = append([]byte(nil), m.Data...)
		}
		return c.poller.send(m)
	}
	c.mu.Unlock()
	return socket.Send(m)
}

// Shared makes a message ready for many connections, as transport.Shared does for other pipes. It keeps the Data of a binary
// message, which is not to be changed any more.
func Shared(m transport.Message) *transport.Frame {
	if !m.Binary {
		m.Data = append(append(make([]byte, 0, len(m.Data)+1), byte(wire.Message)), m.Data...)
	}
	return transport.Shared(m)
}

// SendShared is the pipe's, for a frame that [Shared] made.
func (c *Conn) SendShared(f *transport.Frame) error {
	c.mu.Lock()
	socket := c.socket
	if c.ended || c.ending {
		c.mu.Unlock()
		return errPipe
	}
	if socket == nil {
		defer c.mu.Unlock()
		return c.poller.send(transport.Message{Binary: f.Binary(), Data: f.Data()})
	}
	c.mu.Unlock()
	return socket.SendShared(f)
}

// Wake is the pipe's.
func (c *Conn) Wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
	case c.socket != nil:
		c.socket.Wake()
	case c.poller != nil:
		c.poller.woken = true
		c.poller.signal()
	}
}

// Writable reports whether what is sent now leaves at once: nobody waits for a client that is slow, or between two polls.
func (c *Conn) Writable() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.ended && !c.ending && (c.socket != nil || c.poller != nil && c.poller.waiting)
}

// Pause is the pipe's.
func (c *Conn) Pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.socket != nil:
		c.socket.Pause()
	case c.poller != nil:
		c.poller.pause()
	}
}

// Resume is the pipe's.
func (c *Conn) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.socket != nil:
		c.socket.Resume()
	case c.poller != nil:
		c.poller.resume()
	}
}

// Transport names the way that the client comes now.
func (c *Conn) Transport() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.socket != nil || c.poller == nil {
		return WebSocket
	}
	return Polling
}
