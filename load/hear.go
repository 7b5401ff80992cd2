// Hear: what a client makes of what it is told, and what it finds wrong with it.

package load

import (
	"strconv"
	"time"

	"github.com/vechehq/veche/internal/doors"
	"github.com/vechehq/veche/wire/native"
)

// hears takes one event of the client's line.
func (c *client) hears(on *ear, e event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.on != on {
		return // of a line that is gone
	}
	switch o := e.Event.(type) {
	case *native.Welcome:
		c.welcomed(o)
	case *native.JoinOK:
		c.joined(o.Head, o.Epoch)
	case *native.SendOK:
		number, _ := strconv.ParseUint(string(o.ID), 10, 64)
		c.acked(number, o.Seq)
	case *native.Message:
		c.message(o.Seq, e.mark)
	case *native.Gap:
		c.gap(o)
	case *native.Signal:
		c.crowd.signals.Add(1)
	case *native.Receipt:
		c.crowd.receipts.Add(1)
	case *native.Error:
		c.refused(o)
	case *native.Bye:
		c.after = o.After
	}
}

func (c *client) welcomed(o *native.Welcome) {
	if c.user != "" && c.user != o.User.ID {
		c.crowd.broken("client %d came back as %s and was %s", c.number, o.User.ID, c.user)
	}
	c.user, c.resume = o.User.ID, o.Resume
}

// joined says what waits.
func (c *client) joined(head uint64, epoch string) {
	if c.here {
		if !doors.Anew(c.crowd.door) {
			c.crowd.broken("%s: client %d has joined twice", c.room.name, c.number)
		}
		return
	}
	if !c.been {
		c.room.begins(head)
		c.last, c.epoch = head, epoch
	} else {
		c.crowd.backTimes.add(time.Since(c.gone))
		c.crowd.reconnects.Add(1)
	}
	if c.epoch != epoch {
		c.crowd.broken("%s: epoch %s became %s", c.room.name, c.epoch, epoch)
		c.last, c.epoch = head, epoch
	}
	if head < c.last {
		c.crowd.broken("%s: client %d has heard seq %d, and the log ends with %d", c.room.name, c.number, c.last, head)
		c.last = head
	}
	close(c.landed)
	c.here, c.been, c.tries, c.head = true, true, 0, head
	c.crowd.arrived()
	waiting := c.due[:0]
	for _, l := range c.due {
		if l.said && !c.crowd.repeats() {
			continue // nobody knows what became of it
		}
		waiting = append(waiting, l)
	}
	c.due = waiting
	for i := range c.due {
		c.say(&c.due[i])
	}
}

func (c *client) acked(number, seq uint64) {
	for i, l := range c.due {
		if l.number != number {
			continue
		}
		c.due = append(c.due[:i], c.due[i+1:]...)
		c.crowd.acks.Add(1)
		c.crowd.ackTimes.add(c.crowd.since() - l.at)
		if wrong := c.room.note(seq, number, true); wrong != "" {
			c.crowd.broken("%s", wrong)
		}
		return
	}
	c.crowd.broken("%s: client %d got an answer to nothing: message %d, seq %d", c.room.name, c.number, number, seq)
}

func (c *client) message(seq uint64, m mark) {
	if seq != c.last+1 {
		c.crowd.broken("%s: client %d heard seq %d after %d", c.room.name, c.number, seq, c.last)
	}
	c.last = max(seq, c.last)
	if m.number == 0 {
		return // a stranger's
	}
	if seq <= c.head {
		c.crowd.replays.Add(1)
	} else {
		c.crowd.deliveries.Add(1)
		c.crowd.deliveryTimes.add(c.crowd.since() - m.at)
	}
	if wrong := c.room.note(seq, m.number, false); wrong != "" {
		c.crowd.broken("%s", wrong)
	}
	if doors.Mute(c.crowd.door) && c.owes(m.number) {
		c.acked(m.number, seq)
	}
}

func (c *client) owes(number uint64) bool {
	for _, l := range c.due {
		if l.number == number {
			return true
		}
	}
	return false
}

// gap skips what the server will not push. A person would read it from the log.
func (c *client) gap(o *native.Gap) {
	if o.Why != "lag" {
		c.crowd.broken("%s: client %d is told that %d to %d are gone: %s", c.room.name, c.number, o.From, o.To, o.Why)
	}
	if o.To > c.last {
		c.crowd.skipped.Add(o.To - c.last)
		c.last = o.To
	}
}

// refused repeats a message that may be repeated, and gives it up otherwise. Without its room the
// client begins anew.
func (c *client) refused(o *native.Error) {
	c.crowd.errors.Add(1)
	c.crowd.complain(o.Code + ": " + o.Message)
	if o.ID == "0" || !c.here {
		c.on.line.Close()
		return
	}
	number, err := strconv.ParseUint(string(o.ID), 10, 64)
	if err != nil {
		return // a signal or a receipt
	}
	if !o.Retry {
		for i, l := range c.due {
			if l.number == number {
				c.due = append(c.due[:i], c.due[i+1:]...)
				c.crowd.unsent.Add(1)
				return
			}
		}
		return
	}
	on := c.on
	time.AfterFunc(repeatAfter, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for i := range c.due {
			if c.on == on && c.due[i].number == number {
				c.say(&c.due[i])
			}
		}
	})
}
