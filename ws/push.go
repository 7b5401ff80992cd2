package ws

import "github.com/vechehq/veche/internal/tidy"

// Handler gets what a connection has to say in the push form. It answers with Send and Shut, not with
// Write and Close, which wait.
type Handler interface {
	// Message is called for each message, one at a time. It must not block: the connection reads
	// nothing meanwhile, what others send waits too, and on a loop so do other connections. data is
	// valid until it returns.
	Message(c *Conn, typ MessageType, data []byte)
	// Closed is called once, after the last Message and Drain. err is never nil: a *CloseError if
	// the peer ended the connection, ErrClosed after CloseNow, else as Read's.
	Closed(c *Conn, err error)
}

// Drainer is what a Handler may also be. Drain is called after Wake, and once after Start, when
// everything that was sent earlier has been taken by the system: so a connection whose peer is slow is
// not drained, and the handler's own queue is the one that fills. What Drain sends leaves in one
// write. It returns true if there is more, and is called again after that write.
//
// Drain is never called concurrently with itself for one connection, but it may be called while
// Message is running. It must not block.
type Drainer interface {
	Drain(c *Conn) (more bool)
}

// Start gives the connection a handler and returns at once; from now on the connection reads itself.
// It must be called once at most, and not with Read.
//
// On a server's connection over HTTP/2 it returns when that has ended, because there the handler must
// not return before: the calling goroutine is the one that reads.
func (c *Conn) Start(h Handler) {
	c.handler = h
	f := uint32(started)
	if _, ok := h.(Drainer); ok {
		f |= drains
	}
	if c.flags.Or(f)&started != 0 {
		panic("ws: Start was called twice")
	}
	tidy.Count()
	sits := c.sitDown()
	if f&drains != 0 {
		c.Wake()
	}
	switch {
	case sits:
		c.seat.summon() // whatever was asked of a shard before
	case c.guest() != nil:
		c.serve(c.beStream())
		c.leave()
	default:
		go c.serve(c.beStream())
	}
}

// serve is the reading goroutine's. w is nil if there was no descriptor for it: then the connection
// has ended.
func (c *Conn) serve(w *stream) {
	if w != nil {
		w.reading.take(nil, nil)
	}
	c.serveOn(w)
}

// serveOn is serve with w.reading held. Where a handler calls runtime.Goexit, another goroutine takes
// it up.
func (c *Conn) serveOn(w *stream) {
	done := false
	defer func() {
		if !done {
			go c.serveOn(w)
		}
	}()
	if w != nil {
		for c.flags.Load()&ended == 0 {
			if err := c.readTurn(w); err != nil {
				c.part(w, err)
			}
		}
		<-c.Done()
		c.in.parser.discard()
		w.held.free()
		w.writing.take(nil, nil) // for good: nothing is drained after this
	}
	done = true
	c.closed()
}

// readTurn waits for bytes and delivers all that is whole in them. What handlers send meanwhile
// leaves in one write at its end.
func (c *Conn) readTurn(w *stream) error {
	if c.flags.Load()&paused != 0 {
		c.awaitResume()
	}
	if len(c.in.rest) == 0 {
		if err := c.fill(w); err != nil {
			c.lost(err)
			return nil
		}
	}
	c.flags.Or(corked)
	defer c.uncork(w)
	return c.consume()
}

func (c *Conn) deliverAll() error {
	for len(c.in.rest) > 0 {
		f := c.flags.Load()
		if f&paused != 0 {
			return nil
		}
		op, data, n, err := c.in.parser.short(c.in.rest)
		if err != nil {
			return err
		}
		if n == 0 {
			if err := c.deliverNext(); err != nil {
				return err
			}
			continue
		}
		c.in.rest = c.in.rest[n:]
		if f&over == 0 {
			c.handler.Message(c, MessageType(op), data)
		}
	}
	return nil
}

// deliverNext delivers what comes next, whatever that is.
func (c *Conn) deliverNext() error {
	var ev event
	var ok bool
	var err error
	c.in.rest, ev, ok, err = c.in.parser.feed(c.in.rest)
	switch {
	case err != nil || !ok:
		return err
	case ev.op.control():
		return c.obey(ev)
	}
	if c.flags.Load()&over == 0 {
		c.handler.Message(c, MessageType(ev.op), ev.data)
	}
	ev.buf.free()
	return nil
}
