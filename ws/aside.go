package ws

import (
	"net"
	"time"
)

// aside is what few connections ever need, made when one does. end.mu guards it, except where a field
// says otherwise.
type aside struct {
	done    chan struct{} // closed when the connection is released; nil: nobody has asked
	resumed chan struct{} // closed when the pause is over; nil: nobody waits for that
	closing *time.Timer   // bounds the closing handshake, but for loop mode
	pings   pings
	beneath net.Conn // what NetConn has returned, where it is no other's
	writing turn     // loop mode: of who is in Write; has its own lock
}

// besides returns the aside. end.mu is held.
func (c *Conn) besides() *aside {
	if c.end.aside == nil {
		c.end.aside = new(aside)
	}
	return c.end.aside
}

var happened = func() chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()

// whenReleased is Done. end.mu is held.
func (c *Conn) whenReleased() <-chan struct{} {
	if c.flags.Load()&released != 0 {
		return happened
	}
	a := c.besides()
	if a.done == nil {
		a.done = make(chan struct{})
	}
	return a.done
}

// release says that the connection beneath is closed. end.mu is held. It is called once.
func (c *Conn) release() {
	c.flags.Or(released)
	a := c.end.aside
	if a == nil {
		return
	}
	if a.beneath != nil {
		_ = a.beneath.Close()
	}
	if a.done != nil {
		close(a.done)
	}
}
