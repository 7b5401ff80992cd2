package ws

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// bareConn is a TCP connection that is no more than a nonblocking descriptor: package net does not know
// it, nor does Go's poller. What need not wait is done on the descriptor; the first call that may have
// to makes a *net.TCPConn of it, which serves from then on.
type bareConn struct {
	peer  netip.AddrPort // immutable
	local netip.AddrPort // immutable

	mu sync.Mutex
	// guarded by mu
	fd              int // -1: dressed, released or closed
	net             *net.TCPConn
	readBy, writeBy time.Time // deadlines, for the time when there is a net
}

// dress returns the connection as package net has it. If there is no descriptor to spare for that, the
// connection is lost.
func (c *bareConn) dress() (*net.TCPConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dressed()
}

func (c *bareConn) dressed() (*net.TCPConn, error) {
	if c.net != nil {
		return c.net, nil
	}
	if c.fd < 0 {
		return nil, net.ErrClosed
	}
	f := os.NewFile(uintptr(c.fd), "socket")
	defer f.Close()
	c.fd = -1
	nc, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	c.net = nc.(*net.TCPConn)
	_ = c.net.SetReadDeadline(c.readBy)
	_ = c.net.SetWriteDeadline(c.writeBy)
	return c.net, nil
}

// release gives the descriptor away, unless the connection has been dressed or closed.
func (c *bareConn) release() (fd int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fd, c.fd = c.fd, -1
	return fd, fd >= 0
}

func (c *bareConn) Read(p []byte) (int, error) {
	nc, err := c.dress()
	if err != nil {
		return 0, err
	}
	return nc.Read(p)
}

func (c *bareConn) Write(p []byte) (n int, err error) {
	c.mu.Lock()
	if c.fd >= 0 {
		n, err = sendNow(uintptr(c.fd), p)
		if n == len(p) || err != nil && err != unix.EAGAIN {
			c.mu.Unlock()
			return n, os.NewSyscallError("write", err)
		}
	}
	nc, err := c.dressed()
	c.mu.Unlock()
	if err != nil {
		return n, err
	}
	rest, err := nc.Write(p[n:])
	return n + rest, err
}

func (c *bareConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.net != nil:
		return c.net.Close()
	case c.fd < 0:
		return net.ErrClosed
	}
	fd := c.fd
	c.fd = -1
	return os.NewSyscallError("close", closeNow(fd))
}

// CloseWrite is *net.TCPConn's.
func (c *bareConn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.net != nil:
		return c.net.CloseWrite()
	case c.fd < 0:
		return net.ErrClosed
	}
	return os.NewSyscallError("shutdown", endNow(c.fd))
}

func (c *bareConn) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(c.local) }
func (c *bareConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.peer) }

func (c *bareConn) SetDeadline(t time.Time) error {
	return c.setDeadlines(t, &c.readBy, &c.writeBy)
}

func (c *bareConn) SetReadDeadline(t time.Time) error  { return c.setDeadlines(t, &c.readBy) }
func (c *bareConn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.writeBy) }

func (c *bareConn) setDeadlines(t time.Time, which ...*time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, by := range which {
		*by = t
	}
	if c.net == nil {
		return nil
	}
	_ = c.net.SetReadDeadline(c.readBy)
	return c.net.SetWriteDeadline(c.writeBy)
}

// newServed is newConn for what a server has taken over. A bare connection stays a bare descriptor.
func newServed(nc net.Conn, protocol string, o Options, agreed *deflateParams, early []byte) *Conn {
	if b, ok := nc.(*bareConn); ok && b.peer.Addr().Zone() == "" {
		if fd, ok := b.release(); ok {
			return newBare(fd, b.local, b.peer, Server, protocol, shareOptions(o.withDefaults()), agreed, early)
		}
	}
	return newConn(beneath(nc), Server, protocol, o, agreed, early)
}
