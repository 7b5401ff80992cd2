// Outbox: a room's unsent messages, in order, each under its one cid, until the log has them.

package client

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"

	"github.com/vechehq/veche/wire/native"
)

const (
	// window is how many of a room's messages are under way at once.
	window = 32
	// maxUnsent and maxUnsentBytes bound the unsent messages of all rooms; Post waits beyond them.
	maxUnsent      = 1000
	maxUnsentBytes = 16 << 20
	// defaultFrame is the largest object that a server takes, until it says otherwise.
	defaultFrame = 1 << 20
)

// Sent is what came of a send.
type Sent struct {
	Seq uint64
	At  time.Time
	Dup bool // the server had it already, from an earlier attempt
}

// Pending is a message on its way into the log.
type Pending struct {
	outbox *outbox
	done   chan struct{}

	// immutable
	message native.Send // without id
	size    int         // of the body

	// guarded by the client's mu
	user     string // who wrote it; "" before the first welcome
	underWay bool
	over     bool
	sent     Sent  // valid when over
	err      error // valid when over
}

// CID is the message's own id.
func (p *Pending) CID() string { return p.message.CID }

// Done is closed when the message is in the log, or was refused.
func (p *Pending) Done() <-chan struct{} { return p.done }

// Wait waits for the message to be in the log. The error is ctx's, an *Error of the server's if it was
// refused, ErrDiscarded, ErrLeft, or Client.Err. The end of ctx ends the waiting only.
func (p *Pending) Wait(ctx context.Context) (Sent, error) {
	select {
	case <-p.done:
		return p.sent, p.err
	case <-ctx.Done():
		return Sent{}, ctx.Err()
	}
}

// Discard takes the message back: it is not sent again. If it is under way it may be stored all the same.
func (p *Pending) Discard() {
	c := p.outbox.room.client
	c.mu.Lock()
	defer c.mu.Unlock()
	p.finish(Sent{}, ErrDiscarded)
	p.outbox.pump()
}

// finish ends it, once, and takes it out of the outbox. mu is held, as everywhere below.
func (p *Pending) finish(sent Sent, err error) {
	if p.over {
		return
	}
	p.over, p.sent, p.err = true, sent, err
	o := p.outbox
	for i, other := range o.items {
		if other == p {
			o.items = append(o.items[:i], o.items[i+1:]...)
			break
		}
	}
	c := o.room.client
	c.unsent--
	c.unsentLen -= p.size
	c.eased.tell()
	close(p.done)
}

// outbox is guarded by the client's mu. Its items are in the order of writing.
type outbox struct {
	room   *Room
	items  []*Pending
	paused bool // the server was too busy
	tries  backoff
}

func (o *outbox) find(cid string) *Pending {
	for _, p := range o.items {
		if p.message.CID == cid {
			return p
		}
	}
	return nil
}

// add takes a message. The same cid again is the same message.
func (o *outbox) add(m native.Send) *Pending {
	if p := o.find(m.CID); p != nil {
		return p
	}
	c := o.room.client
	p := &Pending{outbox: o, done: make(chan struct{}), message: m, size: len(m.Body.Data), user: c.user.ID}
	o.items = append(o.items, p)
	c.unsent++
	c.unsentLen += p.size
	o.pump()
	return p
}

// open is told that the room is joined: everything goes again, in its order. What nobody has signed is
// this user's; what somebody else wrote stays theirs.
func (o *outbox) open() {
	user := o.room.client.user.ID
	for _, p := range append([]*Pending(nil), o.items...) {
		switch p.user {
		case "":
			p.user = user
		case user:
		default:
			p.finish(Sent{}, &Error{Code: "forbidden", Message: "the message was written as another user"})
		}
	}
	o.pump()
}

// lost is told that the connection is gone; what was under way is answered with errLost after it.
func (o *outbox) lost() {
	o.paused = false
	for _, p := range o.items {
		p.underWay = false
	}
}

// end gives up on everything.
func (o *outbox) end(err error) {
	for len(o.items) > 0 {
		o.items[0].finish(Sent{}, err)
	}
}

// pump sends what may be sent now.
func (o *outbox) pump() {
	s := o.room.client.session
	if s == nil || !o.room.live || o.paused {
		return
	}
	for _, p := range append([]*Pending(nil), o.items[:min(len(o.items), window)]...) {
		if p.underWay {
			continue
		}
		if s.err != nil || s.pipe.full() {
			return
		}
		o.send(s, p)
	}
}

func (o *outbox) send(s *session, p *Pending) {
	frame := o.room.client.limits.Frame
	if frame <= 0 {
		frame = defaultFrame
	}
	m := p.message
	m.ID = s.newID()
	// JSON may make six bytes of one.
	if p.size > frame/8 && len(m.Append(nil)) > frame {
		// The server would close the connection, every time anew.
		p.finish(Sent{}, &Error{Code: "too_large", Message: "the message is above the server's limit of a frame"})
		return
	}
	p.underWay = true
	s.ask(&m, func(e native.Event, err error) { o.answered(s, p, e, err) })
}

func (o *outbox) answered(s *session, p *Pending, e native.Event, err error) {
	ok, _ := e.(*native.SendOK)
	switch {
	case errors.Is(err, errLost):
		return
	case p.over: // it has come back, or was taken back
	case err == nil && ok != nil:
		o.tries.reset()
		p.finish(Sent{Seq: ok.Seq, At: ok.At, Dup: ok.Dup}, nil)
	case mayRetry(err):
		p.underWay = false
		o.pause(s)
	case err != nil:
		p.finish(Sent{}, err)
	default:
		s.end(errOdd)
		return
	}
	o.pump()
}

func (o *outbox) pause(s *session) {
	if o.paused {
		return
	}
	o.paused = true
	s.later(o.tries.next(), func() {
		o.paused = false
		o.pump()
	})
}

// delivered is told of the user's own messages as they come back: an acknowledgement, if the real one was
// lost.
func (o *outbox) delivered(m *native.Message) {
	if p := o.find(m.CID); p != nil {
		p.finish(Sent{Seq: m.Seq, At: m.At}, nil)
	}
}

// newCID begins with the time, so that a store finds new ids side by side.
func newCID() string {
	return strconv.FormatInt(time.Now().UnixMilli(), 36) + "-" + rand.Text()
}
