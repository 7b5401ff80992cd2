package ws

import (
	"crypto/tls"
	"net"
	"sync/atomic"
	"unique"
)

// Locks: in goroutine mode stream.reading and stream.writing are held while reading and while writing, and
// handlers are called under them: Message under reading, Drain under writing. In loop mode the loop's
// goroutine does all of that and holds nothing. The mutexes are held for a few instructions and never
// while calling out; end.mu comes before out.mu, out.mu before a shard's and a loop's.
//
// Size: a Conn is what every connection needs in either mode, 256 bytes in all: see TestConnSize. What goroutine mode and the
// pull form need beside it is in stream, what few ever need in aside.

// Conn is a WebSocket connection, of either side. All methods may be called by several goroutines.
type Conn struct {
	o        *Options              // immutable, with defaults filled in; shared
	protocol unique.Handle[string] // immutable
	ends     *ends                 // immutable; shared
	remote   address               // immutable
	side     Side                  // immutable
	flags    atomic.Uint32         // see flags.go

	handler Handler                // set once by Start, before the started flag
	stream  atomic.Pointer[stream] // nil for a bare descriptor and in loop mode; stored under end.mu

	in   inbound
	out  outbound
	end  ending
	seat seat // in loop mode
}

func newConn(nc net.Conn, side Side, subprotocol string, o Options, agreed *deflateParams, early []byte) *Conn {
	c := &Conn{o: shareOptions(o.withDefaults()), protocol: unique.Make(subprotocol), side: side}
	c.ends, c.remote = endsOf(nc)
	c.agree(agreed)
	c.in.intake = c.newIntake()
	c.in.rest = early
	c.stream.Store(newStream(nc))
	c.startPings()
	return c
}

// agree sets the compression that was negotiated, if any.
func (c *Conn) agree(agreed *deflateParams) {
	c.out.side = c.side
	if agreed != nil {
		c.out.deflate, c.in.inflate = agreed.codecs(c.side, c.o.CompressionThreshold)
	}
}

// Subprotocol is the one that both sides agreed on, or "".
func (c *Conn) Subprotocol() string { return c.protocol.Value() }

// Compressed reports whether compression was agreed on: permessage-deflate, or the older deflate-frame.
func (c *Conn) Compressed() bool { return c.out.deflate != nil }

// LocalAddr is the address of this side.
func (c *Conn) LocalAddr() net.Addr { return c.ends.local }

// RemoteAddr is the address of the peer, or of a proxy before it.
func (c *Conn) RemoteAddr() net.Addr {
	if c.ends.remote != nil {
		return c.ends.remote
	}
	return c.remote.tcp()
}

// NetConn is the connection beneath, to look at and to set options of the socket. Reading from it or
// writing to it breaks the frames. Start may replace it, so ask anew after it.
func (c *Conn) NetConn() net.Conn {
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	if nc := c.netConn(); nc != nil {
		return nc
	}
	return c.stream.Load().net
}

// TLS is the state of the TLS connection beneath, nil if there is none.
func (c *Conn) TLS() *tls.ConnectionState {
	w := c.stream.Load()
	if w == nil {
		return nil
	}
	switch nc := w.net.(type) {
	case *tls.Conn:
		state := nc.ConnectionState()
		return &state
	case *http2Stream:
		return nc.tls
	}
	return nil
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} {
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	return c.whenReleased()
}
