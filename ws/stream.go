package ws

import (
	"net"
	"sync/atomic"
)

// stream is what a connection needs to be served by goroutines: in goroutine mode, in the pull form,
// and before Start.
type stream struct {
	net   net.Conn // immutable
	sock  *socket  // immutable; nil unless net is a plain socket of this system; used by who holds a turn
	shard *shard   // immutable; where a plain socket is flushed

	reading turn // held by who reads and calls Message
	writing turn // held by who writes or calls Drain

	// of who holds reading
	held *readBuffer // plain sockets: taken from the pool when bytes are there
	own  []byte      // other connections: to wait with

	reads atomic.Uint32 // odd while waiting for the peer
	keep  keepalive     // guarded by end.mu
}

func newStream(nc net.Conn) *stream {
	return &stream{net: nc, sock: plainSocket(nc), shard: nextShard()}
}

// beStream returns the stream, which it makes of a bare descriptor. It returns nil if the connection
// sits in a loop, or has ended before it had a stream.
func (c *Conn) beStream() *stream {
	if w := c.stream.Load(); w != nil || c.flags.Load()&bare == 0 {
		return w
	}
	w, err := c.dress()
	if err != nil {
		c.lost(err)
		return nil
	}
	c.startPings()
	if c.flags.Load()&due != 0 {
		c.enqueue(w) // what was sent while nobody could send it
	}
	return w
}
