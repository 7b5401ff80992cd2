package ws

// Pause stops reading in the push form: Message is not called until Resume, apart from one call that
// may be under way, and TCP makes the peer wait. Pings are not answered meanwhile, and the peer's end
// is not noticed.
func (c *Conn) Pause() {
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	if c.flags.Load()&over == 0 {
		c.flags.Or(paused)
	}
}

// Resume ends a Pause.
func (c *Conn) Resume() {
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	if c.flags.And(^uint32(paused))&paused == 0 {
		return
	}
	if a := c.end.aside; a != nil && a.resumed != nil {
		close(a.resumed)
		a.resumed = nil
	}
	if c.flags.Load()&looped != 0 {
		c.seat.summon()
	}
}

// awaitResume waits for the end of a pause, or of the connection.
func (c *Conn) awaitResume() {
	c.end.mu.Lock()
	if c.flags.Load()&paused == 0 {
		c.end.mu.Unlock()
		return
	}
	a := c.besides()
	if a.resumed == nil {
		a.resumed = make(chan struct{})
	}
	resumed, done := a.resumed, c.whenReleased()
	c.end.mu.Unlock()
	select {
	case <-resumed:
	case <-done:
	}
}
