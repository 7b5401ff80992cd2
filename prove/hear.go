// Hearing: what a client makes of what the server says, and what must not be said.

package prove

import (
	"fmt"
	"slices"

	"github.com/vechehq/veche/internal/doors"
	"github.com/vechehq/veche/prove/history"
	"github.com/vechehq/veche/wire/native"
)

// hear takes one event. It returns false to end the connection.
func (c *client) hear(v *visiting, h heard) bool {
	if h.wrong != nil {
		c.world.violate(badAnswer, c.room, "client %d is told by %s what the door has no words for: %v", c.id, v.door.Name(), h.wrong)
		return false
	}
	switch e := h.event.(type) {
	case *native.JoinOK:
		c.joined(v, e, h.at)
	case *native.Message:
		return c.message(v, e, h.at)
	case *native.SendOK:
		c.acknowledged(v, e, h.at)
	case *native.HistoryOK:
		c.history(v, e, h.at)
	case *native.PresenceOK:
		c.granted(v, e.ID, h.at)
	case *native.OK:
		if a, ok := c.granted(v, e.ID, h.at); ok && a.what == "receipt" {
			c.own = receiptMark{max(c.own.received, a.value), a.boots}
		}
	case *native.Receipt:
		c.receipt(v, e, h.at)
	case *native.Presence:
		c.presence(v, e)
	case *native.Gap:
		return c.gap(v, e)
	case *native.Error:
		return c.refused(v, e, h.at)
	case *native.Bye:
		return false
	}
	return true
}

func (c *client) joined(v *visiting, e *native.JoinOK, at int64) {
	if v.joined && !doors.Anew(v.door) {
		c.world.violate(badAnswer, c.room, "client %d is told twice on one connection that it has joined", c.id)
	}
	c.room.note(c.id, "joins by "+v.door.Name()+" after", -1, c.last)
	c.room.is(e.Epoch)
	if e.Head < c.last {
		c.world.violate(history.Lost, c.room, "client %d has read up to seq %d, and is told that the log ends with %d", c.id, c.last, e.Head)
	}
	if e.Received > 0 || e.Read > 0 {
		c.watermark(v, c.user, e.Received, e.Read, at)
	}
	if v.own.crashes == c.world.crashes.Load() && e.Received < v.own.received && !doors.Mute(v.door) {
		c.world.violate(badReceipt, c.room, "client %d has received up to %d, which was acknowledged, and is told on its return that it is %d", c.id, v.own.received, e.Received)
	}
	for _, r := range e.Receipts {
		c.watermark(v, r.User, r.Received, r.Read, at)
	}
	v.joined, v.progress = true, at
	c.told = 0 // the server may have forgotten what was not synced
	c.doors[v.door.Name()]++
	c.world.meter.answered(at)
	if !doors.Mute(v.door) {
		c.repeat(v)
	}
}

// message is the next one of the room, and no other.
func (c *client) message(v *visiting, m *native.Message, at int64) bool {
	v.progress = at
	if m.Seq != c.last+1 {
		kind := history.Hole
		if m.Seq <= c.last {
			kind = history.Doubled
		}
		c.world.violate(kind, c.room, "client %d is given seq %d after %d by %s", c.id, m.Seq, c.last, v.door.Name())
		if m.Seq <= c.last {
			return true
		}
	}
	c.last = m.Seq
	c.world.meter.delivered(at)
	s, ok := c.take(m, at)
	if ok && s.client == c.id && doors.Mute(v.door) {
		c.world.meter.answered(at)
		c.settle(s.n, m.Seq, at)
	}
	return true
}

// take judges a message that was given, whichever way.
func (c *client) take(m *native.Message, at int64) (s seen, ok bool) {
	s.client, s.n, ok = parse(string(m.Body.Data))
	s.seq = m.Seq
	if !ok || m.Body.Format != native.Text {
		c.world.violate(history.Altered, c.room, "client %d got seq %d with a body that nobody sent: %.200q", c.id, m.Seq, m.Body.Data)
		return s, false
	}
	if from := userOf(s.client); m.From != "" && m.From != from {
		c.world.violate(history.Altered, c.room, "client %d got seq %d, of %s, as %s's", c.id, m.Seq, from, m.From)
	}
	c.room.see(c.id, s, at)
	return s, true
}

func (c *client) acknowledged(v *visiting, e *native.SendOK, at int64) {
	if a, ok := c.granted(v, e.ID, at); ok {
		c.settle(a.n, e.Seq, at)
	}
}

// settle ends the waiting for a message.
func (c *client) settle(n int, seq uint64, at int64) {
	took, first := c.room.ack(c.id, n, seq, at)
	if first {
		c.world.meter.sent(at, took)
	}
	if i := slices.Index(c.pending, n); i >= 0 {
		c.pending = slices.Delete(c.pending, i, i+1)
	}
}

// answered takes a request from those under way.
func (c *client) answered(v *visiting, id native.ID, at int64) (ask, bool) {
	a, ok := v.asked[id]
	if !ok {
		c.world.violate(badAnswer, c.room, "client %d is answered by %s what it has not asked, id %q", c.id, v.door.Name(), id)
		return a, false
	}
	delete(v.asked, id)
	v.progress = at
	return a, true
}

// granted takes a request from those under way that was done.
func (c *client) granted(v *visiting, id native.ID, at int64) (ask, bool) {
	a, ok := c.answered(v, id, at)
	if ok {
		c.world.meter.answered(at)
	}
	return a, ok
}

func (c *client) history(v *visiting, e *native.HistoryOK, at int64) {
	a, ok := c.granted(v, e.ID, at)
	if !ok {
		return
	}
	c.room.is(e.Epoch)
	c.room.answered(read{client: c.id, call: a.call, ret: at, head: e.Head}, a.known)
	if e.First > 1 {
		c.world.violate(history.Lost, c.room, "client %d is told by history that the log begins with %d", c.id, e.First)
	}
	var before uint64
	for _, object := range e.Messages {
		ev, _ := native.DecodeEvent(object)
		m, ok := ev.(*native.Message)
		if !ok {
			c.world.violate(badAnswer, c.room, "client %d got no message from history: %.200s", c.id, object)
			return
		}
		if before != 0 && m.Seq != before+1 {
			c.world.violate(history.Hole, c.room, "client %d got seq %d after %d from history", c.id, m.Seq, before)
		}
		if m.Seq > e.Head {
			c.world.violate(history.Stranger, c.room, "client %d got seq %d from history, which says that the log ends with %d", c.id, m.Seq, e.Head)
		}
		before = m.Seq
		c.take(m, at)
	}
}

func (c *client) receipt(v *visiting, e *native.Receipt, at int64) {
	before := v.marks[e.User]
	c.room.note(c.id, "is told that "+e.User+" has received", -1, e.Received)
	if e.Received < before[0] || e.Read < before[1] {
		c.world.violate(badReceipt, c.room, "client %d is told that %s has received %d and read %d, after %d and %d", c.id, e.User, e.Received, e.Read, before[0], before[1])
	}
	c.watermark(v, e.User, e.Received, e.Read, at)
}

// watermark keeps the maximum of what is told of a user.
func (c *client) watermark(v *visiting, user string, received, read uint64, at int64) {
	before := v.marks[user]
	v.marks[user] = [2]uint64{max(before[0], received), max(before[1], read)}
	if read > received {
		c.world.violate(badReceipt, c.room, "client %d is told that %s has read %d and received %d", c.id, user, read, received)
	}
	if !c.room.mark(user, max(received, read), at) {
		c.world.violate(badReceipt, c.room, "client %d is told that %s has received %d and read %d, which is beyond all that was said", c.id, user, received, read)
	}
}

func (c *client) presence(v *visiting, e *native.Presence) {
	c.room.note(c.id, fmt.Sprintf("is told whole=%v joined=%v left=%v", e.Whole, e.Joined, e.Left), -1, 0)
	if e.Whole || v.present == nil {
		v.present = map[string]bool{}
	}
	for _, u := range e.Left {
		delete(v.present, u.ID)
	}
	for _, u := range e.Joined {
		v.present[u.ID] = true
	}
}

// gap is told when messages will not be pushed: then the client comes anew from where it is. The log holds everything,
// so there is no other reason.
func (c *client) gap(v *visiting, e *native.Gap) bool {
	if e.Why != "lag" || e.From != c.last+1 {
		c.world.violate(history.Lost, c.room, "client %d, which has everything up to %d, is told of a gap from %d to %d: %s", c.id, c.last, e.From, e.To, e.Why)
	}
	c.room.note(c.id, "lags on "+v.door.Name(), -1, e.From)
	return false
}

// refused takes an error. What may be tried again is; anything else is nothing that we deserve.
func (c *client) refused(v *visiting, e *native.Error, at int64) bool {
	if !e.Retry {
		if e.Code == "replaced" {
			return false
		}
		c.world.violate(badAnswer, c.room, "client %d is refused by %s: %s %s", c.id, v.door.Name(), e.Code, e.Message)
		return false
	}
	if e.ID == "" {
		return false // the join, or the session as a whole
	}
	a, ok := c.answered(v, e.ID, at)
	c.world.meter.refused(at)
	if ok && a.what == "send" {
		c.room.late(c.id, a.n)
		if v.again == 0 {
			v.again = at + int64(50*ms) + c.rng.Int64N(int64(200*ms))
		}
	}
	return ok
}

func userOf(client int) string { return fmt.Sprint("p", client) }
