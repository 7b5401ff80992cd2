package transport

import (
	"net"
	"sync"
)

// returns is a listener of connections that come back to their server. It is made by init.
type returns struct {
	conns chan net.Conn
	done  chan struct{} // closed by Close

	mu             sync.Mutex
	served, closed bool // guarded by mu
}

func (r *returns) init() {
	r.conns = make(chan net.Conn)
	r.done = make(chan struct{})
}

// open reports whether somebody serves it.
func (r *returns) open() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.served && !r.closed
}

// give hands a connection over, or closes it when nobody serves any more.
func (r *returns) give(c net.Conn) {
	select {
	case r.conns <- c:
	case <-r.done:
		_ = c.Close()
	}
}

// Accept is net.Listener's.
func (r *returns) Accept() (net.Conn, error) {
	r.mu.Lock()
	r.served = true
	r.mu.Unlock()
	select {
	case c := <-r.conns:
		return c, nil
	case <-r.done:
		return nil, net.ErrClosed
	}
}

// Close is net.Listener's.
func (r *returns) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		close(r.done)
	}
	return nil
}

// Addr is net.Listener's. The connections have their own.
func (r *returns) Addr() net.Addr { return returnsAddr{} }

type returnsAddr struct{}

func (returnsAddr) Network() string { return "tcp" }
func (returnsAddr) String() string  { return "returned" }
