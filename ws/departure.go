package ws

import "context"

// departure is what a Write waits for in loop mode, where the loop does the sending.
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

// awaitDeparture waits until the loop has sent what is in the queue. out.turn is held, so there is one
// at a time.
func (c *Conn) awaitDeparture(ctx context.Context) error {
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
