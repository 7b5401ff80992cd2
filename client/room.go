package client

import (
	"context"
	"iter"
	"unicode/utf8"

	"github.com/vechehq/veche/wire/native"
)

// Start says with which messages a room begins. The zero Start: only what comes from now on.
type Start struct {
	since  int64
	replay bool
	epoch  string
}

// After begins with the first message above seq. epoch is that of the log that seq belongs to, or ""
// if it is not known: Room.Position has told both.
func After(seq uint64, epoch string) Start { return Start{int64(seq), true, epoch} }

// Last begins with the last n messages.
func Last(n int) Start { return Start{-int64(max(n, 0)), n > 0, ""} }

// Draft is a message with more than a body.
type Draft struct {
	Body any    // as Send takes it
	Kind string // what it means to the application; at most 64 bytes
	CID  string // its own id, unique among the user's in the room; at most 128 bytes. Default: a new one
	Type string // content type of a body of bytes
}

// Room is a room that the client is in, and comes back to until Leave. It is safe for concurrent use;
// several that call Next share the events.
type Room struct {
	client *Client
	name   string

	// guarded by client.mu
	live     bool  // joined on the session that there is
	over     error // why nothing goes on: left, refused, or the client's end
	from     Start
	sequence sequence
	queue    queue
	outbox   outbox
	marks    marks
	tries    backoff
	told     broadcast // an event, or the end
	unlisted bool      // a change of presence was dropped
	position struct {
		known bool
		seq   uint64
		epoch string
	}
}

// Join enters a room, and returns when the server has let us in. The error is ctx's, an *Error if the
// server will not have us there, ErrJoined, or Client.Err.
func (c *Client) Join(ctx context.Context, name string, from Start) (*Room, error) {
	if name == "" || len(name) > native.MaxRoom || !utf8.ValidString(name) {
		return nil, badRequest("%q is no name of a room", name)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return nil, c.err
	case c.rooms[name] != nil:
		return nil, ErrJoined
	}
	r := &Room{client: c, name: name, from: from}
	r.sequence = sequence{host: r}
	r.outbox.room, r.marks.room = r, r
	if from.replay && from.since >= 0 {
		r.sequence.begin(uint64(from.since))
		r.sequence.epoch = from.epoch
		r.locate(r.sequence.last, from.epoch)
	}
	c.rooms[name] = r
	if c.session != nil {
		r.join(c.session)
	}
	err := c.await(ctx, &c.moved, func() (bool, error) { return r.live, r.over })
	if err != nil {
		r.leave(err)
		return nil, err
	}
	return r, nil
}

// Name is the room's name.
func (r *Room) Name() string { return r.name }

// Next returns the next event of the room, and waits for it. The error is ctx's; or, when all events
// before it were taken, ErrLeft, the *Error with which the server refused the room after a reconnect, or
// Client.Err.
func (r *Room) Next(ctx context.Context) (Event, error) {
	c := r.client
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.await(ctx, &r.told, func() (bool, error) {
		if len(r.queue.items) > 0 {
			return true, nil
		}
		return false, r.over
	})
	if err != nil {
		return nil, err
	}
	q := r.queue.pop()
	switch e := q.event.(type) {
	case *Message:
		r.locate(e.Seq, q.epoch)
		if !c.options.NoReceipts {
			r.marks.raise(watermarks{received: e.Seq})
		}
	case *Gap:
		r.locate(e.To, q.epoch)
	}
	r.eased()
	return q.event, nil
}

// Events gives what Next gives, until there is an error, which comes as the last.
func (r *Room) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			e, err := r.Next(ctx)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Position is up to where Next has given out the room, for After. ok is false while nothing says where
// the room begins: after Last, before its first message.
func (r *Room) Position() (seq uint64, epoch string, ok bool) {
	r.client.mu.Lock()
	defer r.client.mu.Unlock()
	return r.position.seq, r.position.epoch, r.position.known
}

// Head is the highest seq that is known to be in the log.
func (r *Room) Head() uint64 {
	r.client.mu.Lock()
	defer r.client.mu.Unlock()
	return r.sequence.head
}

// Send sends a message and returns when it is in the log. A string is a text, a []byte is bytes, a Body
// is itself, a Draft has more than a body, and anything else is what encoding/json makes of it.
//
// The error is an *Error if the server refuses the message, or the body cannot be sent; ErrLeft; or
// Client.Err. If ctx ends first the error is ctx's and the message is not sent again, but it may have
// been stored: to be sure, send a Draft with the same CID once more.
func (r *Room) Send(ctx context.Context, message any) (Sent, error) {
	p, err := r.Post(ctx, message)
	if err != nil {
		return Sent{}, err
	}
	sent, err := p.Wait(ctx)
	if err != nil && err == ctx.Err() {
		p.Discard()
	}
	return sent, err
}

// Post takes a message as Send does and returns as soon as it is in the outbox; it waits while that is
// full. Messages of one room go in the order in which Post has taken them, but for those that the server
// refuses for the moment (Error.Retry): what was under way behind them may come before them. A CID that
// is still in the outbox is the message that is there.
func (r *Room) Post(ctx context.Context, message any) (*Pending, error) {
	m, err := r.draft(message)
	if err != nil {
		return nil, err
	}
	c := r.client
	c.mu.Lock()
	defer c.mu.Unlock()
	err = c.await(ctx, &c.eased, func() (bool, error) {
		return c.unsent == 0 || c.unsent < maxUnsent && c.unsentLen+len(m.Body.Data) <= maxUnsentBytes, r.over
	})
	if err != nil {
		return nil, err
	}
	return r.outbox.add(m), nil
}

func (r *Room) draft(message any) (native.Send, error) {
	d, ok := message.(Draft)
	if !ok {
		d.Body = message
	}
	body, err := bodyOf(d.Body)
	if err != nil {
		return native.Send{}, err
	}
	if d.Type != "" {
		body.Type = d.Type
	}
	if d.CID == "" {
		d.CID = newCID()
	}
	return native.Send{Room: r.name, CID: d.CID, Kind: d.Kind, Body: body}, nil
}

// Signal sends what lives for a moment to everybody else in the room. A nil body is none. It is dropped
// while the connection is away or busy; the error is about the body only.
func (r *Room) Signal(kind string, body any) error {
	m := &native.Signal{Room: r.name, Kind: kind}
	if body != nil {
		b, err := bodyOf(body)
		if err != nil {
			return err
		}
		m.Body = b
	}
	c := r.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.session; s != nil && r.live && !s.pipe.full() {
		s.say(m)
	}
	return nil
}

// Receipt tells the room how far this user has got: everything up to received has arrived, and up to
// read was read, which is received too. Lower ones change nothing. The server is told within a second.
func (r *Room) Receipt(received, read uint64) {
	c := r.client
	c.mu.Lock()
	defer c.mu.Unlock()
	r.marks.raise(watermarks{min(received, r.sequence.head), min(read, r.sequence.head)})
}

// Presence asks who is in the room: at most 200 of them, and how many there are.
func (r *Room) Presence(ctx context.Context) (users []User, count int, err error) {
	live := func() (bool, error) { return r.live, r.over }
	e, err := r.client.ask(ctx, live, func(id native.ID) native.Request { return &native.PresenceQuery{ID: id, Room: r.name} })
	if err != nil {
		return nil, 0, err
	}
	ok, _ := e.(*native.PresenceOK)
	if ok == nil {
		return nil, 0, errOdd
	}
	return usersOf(ok.Users), ok.Count, nil
}

// Leave leaves the room. Whoever waits for it gets ErrLeft, and its unsent messages are given up.
func (r *Room) Leave() {
	r.client.mu.Lock()
	defer r.client.mu.Unlock()
	r.leave(ErrLeft)
}

// Everything below wants the client's mu to be held.

func (r *Room) leave(why error) {
	c := r.client
	if r.over != nil {
		return
	}
	if c.session != nil {
		c.session.say(&native.Leave{Room: r.name})
	}
	r.end(why)
}

// end lets nothing go on.
func (r *Room) end(why error) {
	if r.over != nil {
		return
	}
	r.live, r.over = false, why
	delete(r.client.rooms, r.name)
	r.outbox.end(why)
	r.told.tell()
	r.client.moved.tell()
	r.client.eased.tell()
}

// join asks to be let in on a new session.
func (r *Room) join(s *session) {
	j := &native.Join{ID: s.newID(), Room: r.name, Since: r.from.since, Replay: r.from.replay}
	if r.sequence.known {
		j.Since, j.Replay, j.Epoch = int64(r.sequence.last), true, r.sequence.epoch
	}
	s.ask(j, func(e native.Event, err error) {
		ok, _ := e.(*native.JoinOK)
		switch {
		case r.over != nil, err == errLost:
		case err == nil && ok != nil:
			r.joined(ok)
		case mayRetry(err):
			s.later(r.tries.next(), func() {
				if r.over == nil {
					r.join(s)
				}
			})
		case err != nil:
			r.end(err)
		default:
			s.end(errOdd)
		}
	})
}

func (r *Room) joined(ok *native.JoinOK) {
	r.live = true
	r.tries.reset()
	r.sequence.joined(ok, !r.from.replay)
	if r.sequence.known && !r.position.known {
		r.locate(r.sequence.last, ok.Epoch)
	}
	r.marks.joined(watermarks{ok.Received, ok.Read})
	for _, w := range ok.Receipts {
		r.offer(&Receipt{Room: r.name, User: w.User, Received: w.Received, Read: w.Read}, 0)
	}
	r.outbox.open()
	r.client.moved.tell()
}

// lost is told that the session has ended.
func (r *Room) lost() {
	r.live = false
	r.sequence.lost()
	r.outbox.lost()
}

func (r *Room) locate(seq uint64, epoch string) {
	r.position.known, r.position.seq, r.position.epoch = true, seq, epoch
}

// received takes what is told of the room.
func (r *Room) received(e native.Event) {
	if !r.live {
		return // of an earlier time in it
	}
	switch e := e.(type) {
	case *native.Message:
		r.sequence.push(e)
	case *native.Gap:
		r.sequence.pushGap(e)
	case *native.Signal:
		s := signalOf(e)
		r.offer(s, len(s.Body.Data))
	case *native.Receipt:
		if e.User == r.client.user.ID {
			r.marks.heard(watermarks{e.Received, e.Read})
		}
		r.offer(&Receipt{Room: r.name, User: e.User, Received: e.Received, Read: e.Read}, 0)
	case *native.Presence:
		if e.Whole || !r.unlisted {
			r.unlisted = !r.offer(presenceOf(e), 0)
		}
	}
}

// offer queues what may be dropped.
func (r *Room) offer(e Event, size int) bool {
	if !r.queue.half() {
		return false
	}
	r.queue.push(e, "", size)
	r.told.tell()
	return true
}

// eased looks what may come now that the application has taken something.
func (r *Room) eased() {
	s := r.client.session
	if s == nil || !r.live || !r.queue.half() {
		return // in half a queue there is room for a page worth asking for
	}
	r.sequence.eased()
	if r.unlisted {
		r.unlisted = false
		r.list(s)
	}
}

// list asks for all who are there, since changes were dropped.
func (r *Room) list(s *session) {
	s.ask(&native.PresenceQuery{ID: s.newID(), Room: r.name}, func(e native.Event, err error) {
		if ok, _ := e.(*native.PresenceOK); ok != nil {
			r.unlisted = !r.offer(&Presence{Room: r.name, Whole: true, Joined: usersOf(ok.Users), Count: ok.Count}, 0)
		} else {
			r.unlisted = mayRetry(err) // at the next occasion
		}
	})
}

// What the sequence asks of its host.

func (r *Room) room() int { return r.queue.room() }

func (r *Room) deliver(m *native.Message) {
	if m.CID != "" && m.From == r.client.user.ID {
		r.outbox.delivered(m)
	}
	r.queue.push(messageOf(m), r.sequence.epoch, len(m.Body.Data))
	r.told.tell()
}

func (r *Room) gap(from, to uint64, why Why) {
	if why == Epoch {
		r.marks.reset()
	}
	r.queue.push(&Gap{Room: r.name, From: from, To: to, Why: why}, r.sequence.epoch, 0)
	r.told.tell()
}

// ask asks history until there is an answer for good, or the session ends.
func (r *Room) ask(after uint64, limit, era int) {
	s := r.client.session
	if s == nil {
		return
	}
	h := &native.History{ID: s.newID(), Room: r.name, After: after, Forward: true, Limit: limit}
	s.ask(h, func(e native.Event, err error) {
		page, _ := e.(*native.HistoryOK)
		switch {
		case r.over != nil, err == errLost:
		case mayRetry(err):
			s.later(r.tries.next(), func() {
				if r.over == nil && era == r.sequence.era {
					r.ask(after, limit, era)
				}
			})
		case page != nil:
			r.tries.reset()
			r.sequence.read(after, era, page, messagesOf(page))
		default:
			r.sequence.read(after, era, nil, nil)
		}
	})
}
