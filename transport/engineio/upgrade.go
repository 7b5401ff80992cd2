package engineio

import (
	"time"

	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/engineio"
)

// upgradable takes the one place there is for a WebSocket that tries to take over.
func (c *Conn) upgradable() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.poller == nil || c.socket != nil || c.ended || c.ending || c.poller.trying {
		return false
	}
	c.poller.trying = true
	return true
}

// upgraded reports whether a WebSocket has taken over, or was there from the beginning.
func (c *Conn) upgraded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.poller == nil || c.socket != nil
}

// try begins a probe.
func (c *Conn) try(p transport.Pipe) transport.Handler {
	t := &probe{conn: c, pipe: p}
	c.mu.Lock()
	if c.poller != nil {
		c.poller.probe = p
	}
	over := c.ended || c.ending
	c.mu.Unlock()
	patience := c.server.options.UpgradeTimeout
	if over {
		patience = 0
	}
	t.patience = time.AfterFunc(patience, func() { p.Close(1000, "") })
	return t
}

// giveUp makes place for another probe, if p is the one.
func (c *Conn) giveUp(p transport.Pipe) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q := c.poller; q != nil && c.socket == nil && q.probe == p {
		q.probe, q.trying, q.probed = nil, false, false
	}
}

// Upgrader is a Handler that is told when its client has changed from polling to WebSocket: before it Receives what comes by that.
type Upgrader interface{ Upgraded() }

// probe is a WebSocket that tries to take over, and then is the connection's. Its calls come one at a time, but for Drain.
type probe struct {
	conn     *Conn
	pipe     transport.Pipe
	patience *time.Timer
	taken    bool // owned by Receive, and Closed after it
}

// Receive is the WebSocket's.
func (t *probe) Receive(m transport.Message) {
	if t.taken {
		(*socket)(t.conn).Receive(m)
		return
	}
	p, err := wire.Decode(m.Data)
	switch {
	case err != nil || m.Binary:
		t.pipe.Close(closeProtocol, "")
	case p.Type == wire.Ping && string(p.Data) == wire.Probe:
		t.answer()
	case p.Type == wire.Upgrade && t.conn.takeOver(t.pipe):
		t.taken = true
		t.patience.Stop()
		if h, ok := t.conn.handler.(Upgrader); ok {
			h.Upgraded()
		}
	default:
		t.pipe.Close(closeProtocol, "")
	}
}

// answer tells that the WebSocket works, and has the waiting GET come back, so that the client can stop polling.
func (t *probe) answer() {
	_ = t.pipe.Send(transport.Message{Data: append([]byte{byte(wire.Pong)}, wire.Probe...)})
	c := t.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.poller; p != nil {
		p.probed = true
		p.signal()
	}
}

// Drain is the WebSocket's.
func (t *probe) Drain() (more bool) {
	c := t.conn
	c.mu.Lock()
	taken := c.socket == t.pipe
	c.mu.Unlock()
	return taken && (*socket)(c).Drain()
}

// Closed is the WebSocket's.
func (t *probe) Closed(err error) {
	t.patience.Stop()
	if t.taken {
		(*socket)(t.conn).Closed(err)
		return
	}
	t.conn.giveUp(t.pipe)
}

// takeOver makes the WebSocket the connection's. What a POST is delivering still must not be overtaken, so a client
// that upgrades meanwhile is refused.
func (c *Conn) takeOver(pipe transport.Pipe) bool {
	c.mu.Lock()
	p := c.poller
	c.mu.Unlock()
	if p == nil || !p.receiving.TryLock() {
		return false
	}
	defer p.receiving.Unlock()
	p.draining.Lock()
	defer p.draining.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.ending || c.socket != nil {
		return false
	}
	c.socket = pipe
	if p.paused != nil {
		pipe.Pause()
		p.resume()
	}
	close(p.done)
	pipe.Wake()
	return true
}

// unwanted is a WebSocket that has nothing to take over.
type unwanted struct{ pipe transport.Pipe }

func (u *unwanted) Receive(transport.Message) {}

func (u *unwanted) Drain() (more bool) {
	u.pipe.Close(closeProtocol, "the connection has been upgraded")
	return false
}

func (u *unwanted) Closed(error) {}

const closeProtocol = 1002
