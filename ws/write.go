package ws

import (
	"context"
	"math"
	"time"
)

// Write sends a message and returns when the system has taken it. Concurrent calls take turns. A text
// must be valid UTF-8; that is the caller's promise.
//
// If the context ends while the call waits for its turn, nothing was sent and the connection lives
// on. If it ends in the middle of the message, the connection is dropped, because half a frame is of
// no use to the peer.
func (c *Conn) Write(ctx context.Context, typ MessageType, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := c.beStream()
	if w == nil {
		return c.writeInLoop(ctx, typ, data)
	}
	if !w.writing.try() && !w.writing.take(ctx.Done(), c.Done()) {
		return c.reasonOr(ctx.Err())
	}
	if c.flags.Load()&looped != 0 { // since then
		w.writing.give()
		return c.writeInLoop(ctx, typ, data)
	}
	defer c.giveTurn(w)
	if err := c.end.reason(); err != nil {
		return err
	}
	if err := c.out.message(typ, data, math.MaxInt); err != nil {
		return c.sendError(err)
	}
	b := c.out.take()
	defer b.free()
	n := 0
	if w.sock != nil {
		var err error
		if n, err = w.sock.send(b.b); err != nil {
			c.lost(err)
			return c.end.reason()
		}
		c.out.wrote(n)
	}
	if n == len(b.b) {
		return nil
	}
	stop := context.AfterFunc(ctx, func() { _ = w.net.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	return c.writeAll(ctx, w, b.b[n:])
}

// writeChunk is what one write at most takes when the system may make us wait: so much must move
// within WriteTimeout where a connection does not tell how much of a write it has done (TLS).
const writeChunk = 16 << 10

// writeAll writes b, waiting for the peer as long as there is progress. After an error the connection
// has failed. w.writing is held.
func (c *Conn) writeAll(ctx context.Context, w *stream, b []byte) error {
	for len(b) > 0 {
		_ = w.net.SetWriteDeadline(time.Now().Add(c.o.WriteTimeout))
		err := ctx.Err() // the deadline just set must not undo the one that the context's end has set
		n := 0
		if err == nil {
			n, err = w.net.Write(b[:min(len(b), writeChunk)])
			c.out.wrote(n)
			b = b[n:]
		}
		switch {
		case err == nil || isTimeout(err) && n > 0 && ctx.Err() == nil:
			continue
		case ctx.Err() != nil:
			c.fail(ErrClosed)
			return ctx.Err()
		case isTimeout(err):
			c.fail(&TimeoutError{Op: "write", After: c.o.WriteTimeout})
		default:
			c.lost(err)
		}
		return c.end.reason()
	}
	return nil
}
