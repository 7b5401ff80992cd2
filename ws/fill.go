package ws

import (
	"context"
	"errors"
	"io"
	"time"
)

// inbound is the reading half. It belongs to who reads: who holds stream.reading, or the loop.
type inbound struct {
	*intake           // in loop mode nil while there is nothing unfinished
	inflate *inflater // immutable; nil unless permessage-deflate was negotiated
}

// intake is what has come and was not delivered.
type intake struct {
	parser parser
	rest   []byte // received and not yet parsed; inside of a buffer of who reads
}

func (c *Conn) newIntake() *intake {
	return &intake{parser: parser{side: c.side, max: c.o.MaxMessage, inflate: c.in.inflate}}
}

// idle reports whether there is nothing.
func (in *intake) idle() bool { return len(in.rest) == 0 && in.parser.idle() }

const ownBuffer = 4 << 10

// fill waits for bytes and puts them in rest, which must be empty.
func (c *Conn) fill(w *stream) (err error) {
	c.in.rest = nil
	w.held.free()
	w.held = nil
	w.reads.Add(1)
	defer w.reads.Add(1)
	if w.sock != nil {
		w.held, c.in.rest, err = w.sock.receive()
		return err
	}
	if w.own == nil {
		w.own = make([]byte, ownBuffer)
	}
	n, err := w.net.Read(w.own)
	c.in.rest = w.own[:n]
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// fillUntil is fill with a context. When that ends first nothing is lost: the next fill goes on.
func (c *Conn) fillUntil(ctx context.Context, w *stream) error {
	if ctx.Done() == nil {
		return c.fill(w)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	set := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = w.net.SetReadDeadline(time.Unix(1, 0))
		close(set)
	})
	err := c.fill(w)
	if stop() {
		return err
	}
	<-set
	_ = w.net.SetReadDeadline(time.Time{})
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
