package engineio

import (
	"iter"

	"github.com/vechehq/veche/transport"
)

// Broadcast is transport.Broadcast for a frame that [Shared] made. It is refused for who polls.
func Broadcast(f *transport.Frame, conns iter.Seq[*Conn], refused func(*Conn)) {
	var current *Conn
	transport.Broadcast(f, func(yield func(transport.Pipe) bool) {
		for current = range conns {
			if p := current.direct(); p != nil {
				yield(p)
			} else {
				refused(current)
			}
		}
	}, func(transport.Pipe) { refused(current) })
}

// direct returns the WebSocket if nothing of the protocol's own has to be said on it first.
func (c *Conn) direct() transport.Pipe {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.poller != nil || c.first || c.ended || c.ending {
		return nil
	}
	return c.socket
}
