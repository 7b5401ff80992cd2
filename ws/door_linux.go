package ws

import (
	"context"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// door is what Door returns. One goroutine, begun by the first Accept, takes connections from the
// kernel and waits for their first requests; each handshake then has a goroutine for as long as its
// handler runs. See docs/design/006-fast-door.md.
type door struct {
	srv         *http.Server
	addr        *net.TCPAddr    // immutable
	own         netip.AddrPort  // immutable: the same
	ctx         context.Context // immutable: requests' contexts stem from it
	paths       []string        // immutable: those whose plain requests are answered here
	longestPath int             // immutable: of them
	reception                   // the goroutine's
	desk        desk            // where others tell it of guests
	crew        crew            // runs handlers
	foreign     chan stranger   // to Accept; when it is full nobody else is let in
	closing     chan struct{}   // closed by Close
	done        chan struct{}   // closed when the reception has ended

	mu            sync.Mutex
	begun, closed bool // guarded by mu
}

// stranger is a connection that net/http is to serve, with the bytes that have come.
type stranger struct {
	conn  *bareConn
	front []byte
}

const foreignRoom = 128 // strangers that wait for Accept

// newDoor returns nil if l is not such that a door can be had.
func newDoor(l net.Listener, srv *http.Server, paths []string) net.Listener {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil
	}
	addr := tcp.Addr().(*net.TCPAddr)
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	fd, err := duplicate(raw)
	if err != nil {
		return nil
	}
	d := &door{srv: srv, addr: addr, paths: paths, own: netip.AddrPortFrom(addr.AddrPort().Addr().Unmap(), addr.AddrPort().Port()), foreign: make(chan stranger, foreignRoom), crew: crew{tasks: newTasks()},
		closing: make(chan struct{}), done: make(chan struct{})}
	if err := d.open(fd); err != nil {
		_ = unix.Close(fd)
		return nil
	}
	for _, path := range paths {
		d.longestPath = max(d.longestPath, len(path))
	}
	_ = l.Close() // else Go's poller would hear of each connection too
	d.ctx = context.Background()
	if srv.BaseContext != nil {
		d.ctx = srv.BaseContext(d)
	}
	d.ctx = context.WithValue(d.ctx, http.ServerContextKey, srv)
	d.ctx = context.WithValue(d.ctx, http.LocalAddrContextKey, d.Addr())
	return d
}

// Addr is net.Listener's.
func (d *door) Addr() net.Addr { return d.addr }

// Accept returns the next connection that is net/http's.
func (d *door) Accept() (net.Conn, error) {
	d.begin()
	for {
		select {
		case <-d.closing:
			return nil, net.ErrClosed
		case s := <-d.foreign:
			nc, err := s.conn.dress()
			switch {
			case err != nil:
				d.logf("ws: door: a connection is lost: %v", err) // no descriptor to spare
			case len(s.front) == 0:
				return nc, nil
			default:
				return &frontConn{nc, s.front}, nil
			}
		}
	}
}

func (d *door) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.begun || d.closed {
		return
	}
	d.begun = true
	go d.receive()
}

// Close closes the listener and the connections that have not come to the end of a request, and waits
// for the goroutine that held them. Handlers that run go on.
func (d *door) Close() error {
	d.mu.Lock()
	begun, closed := d.begun, d.closed
	if !closed {
		d.closed = true
		close(d.closing)
	}
	d.mu.Unlock()
	switch {
	case closed:
		return net.ErrClosed
	case begun:
		d.epoll.interrupt()
		<-d.done
	default:
		d.desk.close()
		d.reception.close()
	}
	d.turnAway()
	return nil
}

// hand leaves a connection to net/http.
func (d *door) hand(c *bareConn, front []byte) {
	_ = c.SetDeadline(time.Time{})
	select {
	case d.foreign <- stranger{c, front}:
	case <-d.closing:
		_ = c.Close()
		return
	}
	select {
	case <-d.closing:
		d.turnAway() // Close may have been through
	default:
	}
}

// turnAway closes who waits for Accept.
func (d *door) turnAway() {
	for {
		select {
		case s := <-d.foreign:
			_ = s.conn.Close()
		default:
			return
		}
	}
}

func (d *door) logf(format string, args ...any) {
	if d.srv.ErrorLog != nil {
		d.srv.ErrorLog.Printf(format, args...)
		return
	}
	log.Printf(format, args...)
}
