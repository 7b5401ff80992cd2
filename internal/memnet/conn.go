package memnet

import (
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// DefaultBuffer is how many bytes one direction of a connection holds before its writer waits.
const DefaultBuffer = 64 << 10

var (
	errReset   = errors.New("connection reset by peer")
	errPipe    = errors.New("broken pipe")
	errRefused = errors.New("connection refused")
)

// Conn is one end of a connection. Like a TCP connection it may be used by several goroutines, and
// closing one end lets the other read what was written before.
type Conn struct {
	local, remote addr
	in, out       *stream
	writes        atomic.Int64
}

// Pipe returns the two ends of a connection with DefaultBuffer in each direction.
func Pipe() (*Conn, *Conn) { return PipeSize(DefaultBuffer) }

// PipeSize is Pipe with size bytes of buffer in each direction.
func PipeSize(size int) (*Conn, *Conn) { return pipe("left:1", "right:2", size) }

func pipe(left, right addr, size int) (*Conn, *Conn) {
	a, b := newStream(size), newStream(size)
	return &Conn{local: left, remote: right, in: a, out: b},
		&Conn{local: right, remote: left, in: b, out: a}
}

// Read waits for at least one byte, io.EOF after the peer's close, or the read deadline.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.wrap("read", err)
}

// Write waits until all of p is in the buffer, or the write deadline.
func (c *Conn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	n, err := c.out.write(p)
	return n, c.wrap("write", err)
}

// Writes is how many times Write was called on this end.
func (c *Conn) Writes() int { return int(c.writes.Load()) }

// CloseWrite ends this direction: the peer reads io.EOF after what was written.
func (c *Conn) CloseWrite() error {
	c.out.closeWrite()
	return nil
}

// Close ends both directions. What was written can still be read by the peer; what the peer writes
// from now on fails.
func (c *Conn) Close() error {
	c.out.closeWrite()
	c.in.closeRead(errPipe)
	c.out.abandon()
	return nil
}

// Reset cuts the connection as a TCP RST does: buffered bytes are lost and both ends fail.
func (c *Conn) Reset() {
	c.in.reset(errReset)
	c.out.reset(errReset)
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	c.in.readers.set(c.in, t)
	c.out.writers.set(c.out, t)
	return nil
}

// SetReadDeadline lets a Read fail at t, the pending one too; the zero time means never.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.readers.set(c.in, t)
	return nil
}

// SetWriteDeadline lets a Write fail at t, the pending one too; the zero time means never.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.writers.set(c.out, t)
	return nil
}

// LocalAddr is this end's name.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is the other end's name.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }
