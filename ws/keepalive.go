package ws

import "time"

// keepalive pings the peer by a timer and drops it if it stays silent.
type keepalive struct {
	timer  *time.Timer // nil without PingInterval, and after the end
	pinged bool        // the timer waits for the pong rather than for the next ping
	reads  uint32      // stream.reads at the ping
}

func (c *Conn) startPings() {
	if c.o.PingInterval <= 0 {
		return
	}
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	c.stream.Load().keep.timer = time.AfterFunc(c.o.PingInterval, c.tick)
}

// tick is the timer's.
func (c *Conn) tick() {
	if c.judge() {
		c.fail(&TimeoutError{Op: "pong", After: c.o.PongTimeout})
	}
}

// judge reports whether the peer is dead; if not, it sends the ping that is due and sets the timer.
func (c *Conn) judge() (dead bool) {
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	w := c.stream.Load()
	if w == nil || w.keep.timer == nil {
		return false
	}
	k, reads := &w.keep, w.reads.Load()
	if k.pinged {
		// Silent is who has let one and the same read wait since the ping.
		if reads == k.reads && reads%2 == 1 {
			return true
		}
		k.pinged = false
		if wait := c.o.PingInterval - c.o.PongTimeout; wait > 0 {
			k.timer.Reset(wait)
			return false
		}
	}
	if !c.out.control(opPing, nil) {
		return false // closing, which has its own timeout
	}
	c.schedule(0)
	k.reads, k.pinged = reads, true
	k.timer.Reset(c.o.PongTimeout)
	return false
}

// stop stops the timer for good.
func (k *keepalive) stop() {
	if k.timer != nil {
		k.timer.Stop()
		k.timer = nil
	}
}
