package ws

import (
	"context"
	"math"
)

// departure is what a Write waits for in loop mode, where the loop does the sending, and who reads for
// its close frame in goroutine mode. There is one at a time.
type departure struct {
	bytes int // still to leave
	done  chan struct{}
}

// await returns what is closed when all that waits now has left.
func (o *outbound) await() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := &departure{bytes: o.waiting(), done: make(chan struct{})}
	if d.bytes == 0 {
		close(d.done)
	} else {
		o.departure = d
	}
	return d.done
}

// departed counts what has left. mu is held.
func (o *outbound) departed(n int) {
	d := o.departure
	if d == nil {
		return
	}
	if d.bytes -= n; d.bytes <= 0 {
		close(d.done)
		o.departure = nil
	}
}

// writeInLoop is Write for a connection that sits in a loop.
func (c *Conn) writeInLoop(ctx context.Context, typ MessageType, data []byte) error {
	c.end.mu.Lock()
	turn := &c.besides().writing
	c.end.mu.Unlock()
	if !turn.try() && !turn.take(ctx.Done(), c.Done()) {
		return c.reasonOr(ctx.Err())
	}
	defer turn.give()
	if err := c.end.reason(); err != nil {
		return err
	}
	if err := c.out.message(typ, data, math.MaxInt); err != nil {
		return c.sendError(err)
	}
	departed := c.out.await()
	c.schedule(0)
	select {
	case <-departed:
		return nil
	case <-ctx.Done():
		c.fail(ErrClosed)
		return ctx.Err()
	case <-c.Done():
		return c.end.reason()
	}
}
