// The client's life: one session after the other.

package client

import (
	"errors"
	"time"
)

// stable is how long a session must have lasted for the backoff to start over.
const stable = 10 * time.Second

// run is the client's goroutine.
func (c *Client) run() {
	defer close(c.done)
	pause := backoff{most: c.options.MaxBackoff}
	refused := false     // the last session's credential
	var gaveUp time.Time // when a session ended that may have said hello, and was not welcomed
	for {
		c.move(Connecting)
		s := newSession(c)
		err := s.live()
		welcomed := !s.welcomed.IsZero()
		if c.ctx.Err() != nil {
			c.end(ErrClosed)
			return
		}
		if welcomed {
			refused = false
			if time.Since(s.welcomed) >= stable {
				pause.reset()
			}
		}
		f := fateOf(err, welcomed, gaveUp)
		if !welcomed {
			gaveUp = time.Now()
		}
		if f.credential {
			f.stop = refused
			refused = true
			c.forgetResume()
		}
		if f.stop {
			c.end(err)
			return
		}
		if f.after == 0 {
			f.after = pause.next()
		}
		c.log.Debug("veche: connection ended", "err", err, "again in", f.after)
		c.move(Waiting)
		if sleep(c.ctx, f.after) != nil {
			c.end(ErrClosed)
			return
		}
	}
}

func (c *Client) move(to State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = to
	c.moved.tell()
}

// forgetResume lets the next hello be that of somebody new, if there is no token either.
func (c *Client) forgetResume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resume = ""
}

// end tells everybody that nothing goes on.
func (c *Client) end(err error) {
	if bye, ok := errors.AsType[*byeError](err); ok {
		err = &bye.words
	}
	c.log.Debug("veche: client ended", "err", err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.err = Ended, err
	for _, r := range c.rooms {
		r.end(err)
	}
	c.moved.tell()
	c.eased.tell()
	c.signalled.tell()
	c.stop()
}
