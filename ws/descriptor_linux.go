package ws

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"unique"

	"golang.org/x/sys/unix"
)

// duplicate returns a second descriptor of the socket, which Go's poller does not know.
func duplicate(raw syscall.RawConn) (fd int, err error) {
	outer := raw.Control(func(of uintptr) {
		fd, err = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 0)
	})
	if outer != nil {
		return -1, outer
	}
	return fd, err
}

// newBare makes a connection of a nonblocking socket's descriptor, which it owns from now on. Nothing
// of the net package stands behind it: a loop takes the descriptor as it is.
func newBare(fd int, local, remote netip.AddrPort, side Side, subprotocol string, o *Options, agreed *deflateParams, early []byte) *Conn {
	c := &Conn{o: o, protocol: unique.Make(subprotocol), side: side, ends: sameEnds(local), remote: addressOf(remote)}
	c.agree(agreed)
	if len(early) > 0 {
		c.in.intake = c.newIntake()
		c.in.rest = early
	}
	c.seat.fd = int32(fd)
	c.flags.Store(bare)
	return c
}

// dress gives a bare descriptor to Go's poller, for the pull form and goroutine mode.
func (c *Conn) dress() (*stream, error) {
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	if w := c.stream.Load(); w != nil || c.flags.Load()&bare == 0 {
		return w, nil
	}
	f := os.NewFile(uintptr(c.seat.fd), "socket")
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	c.flags.And(^uint32(bare))
	if c.in.intake == nil {
		c.in.intake = c.newIntake()
	}
	w := &stream{net: fileConn{f, raw, c}, sock: newSocket(raw), shard: nextShard()}
	c.stream.Store(w)
	return w, nil
}

// fileConn is a plain socket as package os has it. Package net would want a second descriptor for a
// moment, which there may not be, and ask the kernel for what is known. Callers of NetConn do not see it.
type fileConn struct {
	*os.File
	raw  syscall.RawConn
	conn *Conn
}

func (f fileConn) LocalAddr() net.Addr  { return f.conn.LocalAddr() }
func (f fileConn) RemoteAddr() net.Addr { return f.conn.RemoteAddr() }

// CloseWrite is *net.TCPConn's.
func (f fileConn) CloseWrite() error {
	var err error
	if outer := f.raw.Control(func(fd uintptr) { err = endNow(int(fd)) }); outer != nil {
		return outer
	}
	return err
}

// strip closes a bare descriptor. end.mu is held.
func (c *Conn) strip() {
	if c.flags.And(^uint32(bare))&bare != 0 {
		_ = closeNow(int(c.seat.fd))
		c.seat.fd = -1
	}
}

// connOf makes a net.Conn with a descriptor of its own for the same socket.
func connOf(fd int) (net.Conn, error) {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(own), "socket")
	defer f.Close()
	return net.FileConn(f)
}

// netConn is what NetConn returns for what was a bare descriptor or sits in a loop: a net.Conn with a
// descriptor of its own for the same socket, made when it is asked for; after the end a closed one. It is
// nil for other connections. end.mu is held.
func (c *Conn) netConn() net.Conn {
	if w := c.stream.Load(); w != nil {
		if _, ok := w.net.(fileConn); !ok {
			return nil
		}
	}
	a := c.besides()
	if a.beneath == nil && c.seat.fd >= 0 && c.flags.Load()&released == 0 {
		a.beneath, _ = connOf(int(c.seat.fd))
	}
	if a.beneath != nil {
		return a.beneath
	}
	if _, ok := c.LocalAddr().(*net.UnixAddr); ok {
		return new(net.UnixConn)
	}
	return new(net.TCPConn)
}

// close closes the descriptor and says that the connection has ended.
func (s *seat) close() {
	c := s.conn
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	_ = closeNow(int(s.fd))
	s.fd = -1
	c.release()
}
