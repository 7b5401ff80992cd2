package transport

import (
	"context"
	"errors"
	"sync"
)

// ErrClosing refuses a client because the transport closes.
var ErrClosing = errors.New("transport: " + goingAway)

// crew is the pipes of a transport that live: they can be sent away, and waited for. It is made by init.
type crew[P comparable] struct {
	mu      sync.Mutex // guards what follows
	pipes   map[P]struct{}
	opening int           // those that begin, and are none yet
	closing bool          // nobody is let in
	empty   chan struct{} // closed when closing and nobody is left
}

func (c *crew[P]) init() {
	c.pipes = make(map[P]struct{})
	c.empty = make(chan struct{})
}

func (c *crew[P]) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return false
	}
	c.opening++
	return true
}

// opened counts a pipe, and reports whether close began while it was being opened.
func (c *crew[P]) opened(p P) (closing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opening--
	c.pipes[p] = struct{}{}
	return c.closing
}

// end forgets a pipe, or with the zero one that which never came to be.
func (c *crew[P]) end(p P) {
	var none P
	c.mu.Lock()
	defer c.mu.Unlock()
	if p == none {
		c.opening--
	}
	delete(c.pipes, p)
	c.leave()
}

// leave closes empty when the last one has gone. c.mu is held.
func (c *crew[P]) leave() {
	if c.closing && c.opening == 0 && len(c.pipes) == 0 {
		close(c.empty)
	}
}

func (c *crew[P]) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pipes)
}

// close lets nobody in any more, asks everybody to go, and waits for that; when ctx ends it puts out
// who is left, and waits for them.
func (c *crew[P]) close(ctx context.Context, ask, putOut func(P)) error {
	c.mu.Lock()
	if !c.closing {
		c.closing = true
		c.leave()
	}
	c.mu.Unlock()
	c.each(ask)
	select {
	case <-c.empty:
		return nil
	case <-ctx.Done():
	}
	c.each(putOut)
	<-c.empty
	return ctx.Err()
}

func (c *crew[P]) each(f func(P)) {
	c.mu.Lock()
	all := make([]P, 0, len(c.pipes))
	for p := range c.pipes {
		all = append(all, p)
	}
	c.mu.Unlock()
	for _, p := range all {
		f(p)
	}
}
