package ws

import (
	"io"
	"net"
)

// frontConn is a connection some of whose bytes a door has read already: they come first.
type frontConn struct {
	*net.TCPConn
	front []byte
}

func (c *frontConn) Read(p []byte) (int, error) {
	if len(c.front) == 0 {
		return c.TCPConn.Read(p)
	}
	n := copy(p, c.front)
	if c.front = c.front[n:]; len(c.front) == 0 {
		c.front = nil
	}
	return n, nil
}

// WriteTo is io.WriterTo, which the embedded connection has too.
func (c *frontConn) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(c.front)
	c.front = c.front[n:]
	if err != nil {
		return int64(n), err
	}
	rest, err := c.TCPConn.WriteTo(w)
	return int64(n) + rest, err
}
