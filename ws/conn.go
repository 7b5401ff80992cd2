package ws

import (
	"crypto/tls"
	"net"
	"sync/atomic"
)

// Conn is a WebSocket connection, of either side. All methods may be called by several goroutines.
//
// # Locks
//
// In goroutine mode in.turn and out.turn are held while reading and while writing, and handlers are
// called under them: Message under in.turn, Drain under out.turn. In loop mode the loop's goroutine
// does all of that and holds nothing. The mutexes are held for a few instructions and never while
// calling out; end.mu comes before out.mu, out.mu before a shard's and a loop's.
type Conn struct {
	net         net.Conn // nil when the connection sits in a loop; changed under both turns and end.mu
	local       net.Addr // immutable
	remote      net.Addr // immutable
	sock        *socket  // nil unless net is a plain socket of this system; belongs to who holds a turn
	plain       bool     // immutable: net is such a socket
	side        Side     // immutable
	subprotocol string   // immutable
	o           *Options // immutable, with defaults filled in; shared
	shard       *shard   // immutable; where a plain socket is flushed that sits in no loop
	seat        *seat    // set once by Start, before the looped flag; nil in goroutine mode

	in    inbound
	out   outbound
	flags atomic.Uint32 // what the flush has to do: see flush.go
	end   ending
	keep  keepalive
	pings pings
	pause pause

	handler Handler // set once by Start, before the started flag
	drainer Drainer // handler, if it is one
}

func newConn(nc net.Conn, side Side, subprotocol string, o Options, agreed *deflateParams, early []byte) *Conn {
	c := &Conn{net: nc, local: sameAddr(nc.LocalAddr()), remote: nc.RemoteAddr(), sock: newSocket(nc), side: side,
		subprotocol: subprotocol, o: shareOptions(o.withDefaults())}
	c.plain = c.sock != nil
	c.in.rest = early
	c.out.side = side
	if agreed != nil {
		c.out.deflate, c.in.inflate = agreed.codecs(side, o.CompressionThreshold)
	}
	c.in.parser = &parser{side: side, max: c.o.MaxMessage, inflate: c.in.inflate}
	c.shard = nextShard()
	c.startPings()
	return c
}

// Subprotocol is the one that both sides agreed on, or "".
func (c *Conn) Subprotocol() string { return c.subprotocol }

// Compressed reports whether permessage-deflate was agreed on.
func (c *Conn) Compressed() bool { return c.out.deflate != nil }

// LocalAddr is the address of this side.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is the address of the peer, or of a proxy before it.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// NetConn is the connection beneath, to look at and to set options of the socket. Reading from it or
// writing to it breaks the frames. Start may replace it, so ask anew after it.
func (c *Conn) NetConn() net.Conn {
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	if c.flags.Load()&looped != 0 {
		return c.seat.netConn()
	}
	return c.net
}

// TLS is the state of the TLS connection beneath, nil if there is none.
func (c *Conn) TLS() *tls.ConnectionState {
	if c.plain {
		return nil
	}
	tc, ok := c.net.(*tls.Conn)
	if !ok {
		return nil
	}
	state := tc.ConnectionState()
	return &state
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} {
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	return c.end.done.wait()
}
