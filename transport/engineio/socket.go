package engineio

import (
	"errors"

	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/engineio"
)

// socket is a Conn as the handler of its WebSocket.
type socket Conn

// attach gives a connection its WebSocket.
func (c *Conn) attach(p transport.Pipe) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.socket = p
	if c.ending || c.ended {
		p.Close(closeGoingAway, "")
	}
}

// Receive is the WebSocket's.
func (s *socket) Receive(m transport.Message) {
	c := (*Conn)(s)
	if m.Binary {
		c.handler.Receive(m)
		return
	}
	p, err := wire.Decode(m.Data)
	if err != nil {
		c.end(ErrParse, wire.Close)
		return
	}
	c.packet(p)
}

// Drain is the WebSocket's: what waits of the protocol's own, then the handler.
func (s *socket) Drain() (more bool) {
	c := (*Conn)(s)
	c.mu.Lock()
	ping, first, pipe := c.ping, c.first, c.socket
	c.ping, c.first = false, false
	var left []transport.Message
	if p := c.poller; p != nil { // what it had not fetched before the upgrade
		left = p.out
		c.poller = nil
	}
	c.mu.Unlock()
	if first {
		_ = pipe.Send(transport.Message{Data: c.hello(nil)})
	}
	for _, m := range left {
		_ = pipe.Send(m)
	}
	if ping {
		_ = pipe.Send(transport.Message{Data: []byte{byte(wire.Ping)}})
	}
	return c.handler.Drain()
}

// Closed is the WebSocket's.
func (s *socket) Closed(err error) {
	c := (*Conn)(s)
	c.mu.Lock()
	if !c.ended && !c.ending && err != nil {
		c.cause = closeReason(err)
	}
	c.ended = true
	c.server.alarms.Stop(&c.alarm)
	c.mu.Unlock()
	c.finished()
}

// closeReason tells a connection that broke from one that just went: a client that is gone without a word has closed its
// transport too.
func closeReason(err error) error {
	if transport.Broken(err) || errors.Is(err, ErrTransport) { // the latter of a tunnel
		return ErrTransport
	}
	return nil
}
