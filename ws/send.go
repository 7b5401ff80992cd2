package ws

// Send queues a message and never blocks; data may be used again when it returns. If SendBuffer would
// be exceeded it returns ErrSendBuffer, and the message was not sent; one message above SendBuffer
// can never be. After the end it returns the reason, after Shut ErrClosed. A text must be valid UTF-8;
// that is the caller's promise.
//
// What Message and Drain send leaves when they have returned, all in one write.
func (c *Conn) Send(typ MessageType, data []byte) error {
	if err := c.out.message(typ, data, c.o.SendBuffer); err != nil {
		return c.sendError(err)
	}
	c.schedule(0)
	return nil
}

// SendPrepared is Send for a message that goes to many connections.
func (c *Conn) SendPrepared(p *Prepared) error {
	if err := c.out.prepared(p, c.o.SendBuffer); err != nil {
		return c.sendError(err)
	}
	c.schedule(0)
	return nil
}

func (c *Conn) sendError(err error) error {
	if err == ErrClosed {
		return c.reasonOr(err)
	}
	return err
}

// Wake asks for a Drain. It never blocks, never calls back inline, and costs little when it was asked
// already; it may be called with any lock held. No Wake is lost: a Drain begins after it.
func (c *Conn) Wake() { c.schedule(woken) }

// Buffered is how many bytes wait to be taken by the system.
func (c *Conn) Buffered() int {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.out.waiting()
}
