package ws

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// inbound is the reading half. All but reads belongs to who holds turn.
type inbound struct {
	turn    turn
	parser  *parser       // in loop mode nil while there is nothing unfinished
	inflate *inflater     // immutable; nil unless permessage-deflate was negotiated
	rest    []byte        // received and not yet parsed; inside of held or own
	held    *readBuffer   // plain sockets: taken from the pool when bytes are there
	own     []byte        // other connections: to wait with
	reads   atomic.Uint32 // odd while waiting for the peer
}

const ownBuffer = 4 << 10

// fill waits for bytes and puts them in rest, which must be empty.
func (c *Conn) fill() (err error) {
	in := &c.in
	in.rest = nil
	in.held.free()
	in.held = nil
	in.reads.Add(1)
	defer in.reads.Add(1)
	if c.sock != nil {
		in.held, in.rest, err = c.sock.receive()
		return err
	}
	if in.own == nil {
		in.own = make([]byte, ownBuffer)
	}
	n, err := c.net.Read(in.own)
	in.rest = in.own[:n]
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// fillUntil is fill with a context. When that ends first nothing is lost: the next fill goes on.
func (c *Conn) fillUntil(ctx context.Context) error {
	if ctx.Done() == nil {
		return c.fill()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	set := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = c.net.SetReadDeadline(time.Unix(1, 0))
		close(set)
	})
	err := c.fill()
	if stop() {
		return err
	}
	<-set
	_ = c.net.SetReadDeadline(time.Time{})
	if isTimeout(err) {
		return ctx.Err()
	}
	return err
}

// lost ends the connection after the network did.
func (c *Conn) lost(err error) {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // there was no close frame
	}
	c.fail(&CloseError{Code: StatusAbnormal, Err: err})
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}
