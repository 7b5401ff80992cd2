package memnet

import (
	"io"
	"net"
)

// wrap gives an error the form that the net package's have; io.EOF stays itself.
func (c *Conn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: "mem", Source: c.local, Addr: c.remote, Err: err}
}
