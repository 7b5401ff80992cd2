package engineio

import (
	"time"

	wire "github.com/vechehq/veche/wire/engineio"
)

// Close is the pipe's: it ends the connection after what was sent. The protocol has no words for code and reason; only a
// WebSocket's close frame carries them.
func (c *Conn) Close(code uint16, reason string) { c.close(ErrForced, code, reason) }

func (c *Conn) shut(cause error) { c.close(cause, closeGoingAway, cause.Error()) }

const closeGoingAway = 1001

// farewell is how long a poller that is told to close may take to fetch that.
const farewell = 5 * time.Second

func (c *Conn) close(cause error, code uint16, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.ending {
		return
	}
	c.ending, c.cause = true, cause
	if c.socket != nil {
		c.socket.Close(code, reason)
		return
	}
	if c.poller == nil { // a WebSocket that is being accepted
		return
	}
	c.poller.resume()
	c.poller.signal()
	c.pinged = true // what the alarm finds is the end
	c.server.alarms.Set(&c.alarm, c, alarmFarewell)
}

// Abort ends the connection now; what was sent may not arrive.
func (c *Conn) Abort() { c.fail(ErrForced) }

// fail ends the connection now.
func (c *Conn) fail(cause error) { c.end(cause, wire.Close) }

// end ends the connection because of cause, unless Close has said why before. A GET that waits is answered with a last packet.
func (c *Conn) end(cause error, last wire.Type) {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return
	}
	c.ended = true
	if !c.ending {
		c.cause = cause
	}
	c.server.alarms.Stop(&c.alarm)
	socket, p := c.socket, c.poller
	if socket == nil && p != nil {
		p.end(last)
		p.parting = last == wire.Noop && !p.waiting
	}
	c.mu.Unlock()
	switch {
	case socket != nil: // whose Closed follows, and does the rest
		socket.Close(1000, "")
	case p != nil:
		c.server.ends.Go(func() { c.finish(p) })
	default: // a WebSocket that is being accepted: attach or handshake does the rest
	}
}

// finish tells the handler of the end, when no poll or post is in it any more.
func (c *Conn) finish(p *poller) {
	p.receiving.Lock()
	defer p.receiving.Unlock()
	p.draining.Lock()
	defer p.draining.Unlock()
	c.finished()
}

// finished is the end, once.
func (c *Conn) finished() {
	c.mu.Lock()
	cause := c.cause
	c.mu.Unlock()
	c.handler.Closed(cause)
	c.mu.Lock()
	parting := c.poller != nil && c.poller.parting
	c.mu.Unlock()
	if parting {
		c.server.ends.Add(1)
		time.AfterFunc(crossing, func() {
			c.server.remove(c)
			c.server.ends.Done()
		})
		return
	}
	c.server.remove(c)
}

// crossing is how long a connection that its client has closed by a POST is still known, so that the GET which was on its
// way at the same time gets its noop and not a refusal.
const crossing = 250 * time.Millisecond

// abandon ends a WebSocket connection that never got its WebSocket.
func (c *Conn) abandon() {
	c.mu.Lock()
	orphan := c.poller == nil && c.socket == nil
	c.mu.Unlock()
	if orphan {
		c.finished()
	}
}
