package hub

import (
	"crypto/rand"
	"errors"
	"sync"
	"time"
)

// Sink is the gateway's end of a session.
type Sink interface {
	// Wake says that the outbox has something. It must not block, and must not call the hub: it may
	// be called with a lock of the hub held. A gateway answers it later by Session.Take.
	Wake()
	// End says that the hub ends the session, with a *Error or a *Bye. The gateway tells the client,
	// closes its pipe, and calls Session.Close.
	End(cause error)
}

// Session is one live client connection, over whatever transport. Its methods return at once; done
// functions are called exactly once, with no lock held, possibly before the method returns.
type Session struct {
	hub    *Hub
	id     string
	userID string
	sink   Sink

	mu         sync.Mutex // guards what follows
	user       User       // user.ID = userID
	before     string     // the id of the client's session before this one
	expiry     func()     // cancels
	rooms      map[string]*membership
	outbox     outbox
	stalled    map[*membership]struct{} // wait for the outbox to be empty
	unanswered int
	last       *item // waits for the answers to what is unanswered
	parting    bool  // Last was called: there are no new requests
	parted     bool  // the last event is in the outbox: nothing follows
	closed     bool
}

// membership ties a session to a room.
type membership struct {
	session *Session
	room    *Room
	member  member
	joined  bool // the join was answered; before, it is under way. Guarded by session.mu
	left    bool // meanwhile it left again. Guarded by session.mu
}

// Connect opens a session for a user. A hook may refuse it; a hub that drains does.
func (h *Hub) Connect(u User, sink Sink) (*Session, error) {
	if err := errors.Join(CheckUser(u.ID), CheckName(u.Name)); err != nil {
		return nil, err
	}
	s := &Session{
		hub: h, id: rand.Text(), userID: u.ID, sink: sink,
		user: u, expiry: func() {}, rooms: make(map[string]*membership),
	}
	if err := h.hooks.connect(s); err != nil {
		return nil, err
	}
	if err := h.add(s); err != nil {
		h.hooks.disconnect(s, err)
		return nil, err
	}
	s.setExpiry(u.Expires)
	return s, nil
}

func (h *Hub) add(s *Session) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return ErrDraining
	}
	if len(h.sessions) >= h.limits.Sessions {
		return &Error{Code: CodeBusy, Message: "too many sessions are open, try again", Retry: true}
	}
	h.sessions[s.id] = s
	if h.users[s.userID] == nil {
		h.users[s.userID] = make(map[*Session]struct{})
	}
	h.users[s.userID][s] = struct{}{}
	return nil
}

func (h *Hub) remove(s *Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sessions, s.id)
	delete(h.users[s.userID], s)
	if len(h.users[s.userID]) == 0 {
		delete(h.users, s.userID)
	}
	if h.draining && len(h.sessions) == 0 && !h.closed {
		close(h.empty)
	}
}

// End ends a user's session by its id, on whichever node it is, and those that follow it: the same
// client came back over another connection, or is not welcome any more. The other nodes are told,
// which may get lost.
func (h *Hub) End(user, session string, cause *Error) {
	h.end(user, session, nil, cause)
	h.tell(Notice{User: user, Session: session, Ended: cause})
}

// end ends what is here of a user's session, and follows it, but for one.
func (h *Hub) end(user, session string, but *Session, cause *Error) {
	for _, s := range h.sessionsOf(user) {
		if s != but && s.isOrFollows(session) {
			s.sink.End(cause)
		}
	}
}

// ID names the session; nobody can guess it.
func (s *Session) ID() string { return s.id }

// Follow says that the client had a session before this one, in whose name it may still act: rooms
// that are joined from now on do not tell this session what that one signals.
func (s *Session) Follow(before string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = before
}

// TakeOver ends with ErrReplaced what the client has left of the session that this one follows, on
// whichever node: that one, and others that follow it, of which the client has never heard.
func (s *Session) TakeOver() {
	s.mu.Lock()
	before := s.before
	s.mu.Unlock()
	if before == "" || before == s.id {
		return
	}
	s.hub.end(s.userID, before, s, ErrReplaced)
	s.hub.tell(Notice{User: s.userID, Session: before, Ended: ErrReplaced})
}

func (s *Session) isOrFollows(session string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id == session || s.before == session
}

// User returns who acts in this session.
func (s *Session) User() User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user
}

// Renew gives the session a fresh credential of the same user: another expiry, name or claims.
func (s *Session) Renew(u User) error {
	if err := CheckName(u.Name); err != nil {
		return err
	}
	s.mu.Lock()
	if u.ID != s.userID {
		s.mu.Unlock()
		return &Error{Code: CodeForbidden, Message: "a session cannot change its user"}
	}
	s.user = u
	var in []*membership
	for _, ms := range s.rooms {
		if ms.joined {
			in = append(in, ms)
		}
	}
	s.mu.Unlock()
	s.setExpiry(u.Expires)
	for _, ms := range in {
		ms.room.rename(&ms.member, u)
	}
	return nil
}

func (s *Session) setExpiry(at time.Time) {
	cancel := func() {}
	if !at.IsZero() {
		cancel = s.hub.later(time.Until(at), func() { s.sink.End(ErrExpired) })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expiry()
	s.expiry = cancel
	if s.closed {
		cancel()
	}
}

// begin counts a request that will be answered; end is called when it was.
func (s *Session) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.parting {
		return ErrClosed
	}
	s.unanswered++
	return nil
}

func (s *Session) end() {
	s.mu.Lock()
	s.unanswered--
	if s.parting {
		s.mu.Unlock()
		s.settle()
		return
	}
	relieved := s.unanswered+s.outbox.replies == s.hub.limits.Unanswered-1
	s.mu.Unlock()
	if relieved {
		s.sink.Wake()
	}
}

// Full reports whether so much is unanswered that the gateway should stop reading from the client.
// When it no longer is, the sink is woken.
func (s *Session) Full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unanswered+s.outbox.replies >= s.hub.limits.Unanswered
}

// Send sends a message. done is called after the commit, before the message is delivered.
func (s *Session) Send(d Draft, done func(Sent, error)) {
	if err := s.begin(); err != nil {
		done(Sent{}, err)
		return
	}
	var from *member
	s.mu.Lock()
	user := s.user
	if ms := s.rooms[d.Room]; d.Quiet && ms != nil && ms.joined {
		from = &ms.member
	}
	s.mu.Unlock()
	s.hub.send(s, user, from, d, func(sent Sent, err error) {
		done(sent, err)
		s.end()
	})
}

// Signal sends a signal to the other sessions in a room that this one is in. Room, Kind and Body
// are the caller's; the rest is filled in.
func (s *Session) Signal(sg *Signal) error {
	if _, err := s.in(sg.Room); err != nil {
		return err
	}
	return s.signal(sg)
}

func (s *Session) signal(sg *Signal) error {
	u := s.User()
	sg.From, sg.Name = u.ID, u.Name
	if err := s.hub.authorize(u, ActSignal, sg.Room); err != nil {
		return err
	}
	if err := s.hub.checkSignal(s, sg); err != nil {
		return err
	}
	s.hub.signal(sg, s.id)
	return nil
}

// Receipt raises the user's watermarks in a room that this session is in. What is lower than before
// changes nothing; what is above head counts as head.
func (s *Session) Receipt(r Receipt) error {
	ms, err := s.in(r.Room)
	if err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	r.User = s.userID
	s.hub.hold(ms.room)
	ms.room.whenKnown(max(r.Received, r.Read), func() {
		ms.room.raise(r)
		s.hub.release(ms.room, 1)
		s.end()
	})
	return nil
}

func (s *Session) in(room string) (*membership, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ms := s.rooms[room]
	if ms == nil || !ms.joined {
		return nil, ErrNotJoined
	}
	return ms, nil
}

// Reply puts an answer of the gateway's own into the outbox, so that there is one order for all that
// the client is told. size is what it counts for, in bytes.
func (s *Session) Reply(ev Event, size int) { s.push(ev, size, reply) }

// Last puts an event into the outbox that nothing follows: it comes after the answers to the requests
// under way, and there are no new ones. Only the first call counts.
func (s *Session) Last(ev Event, size int) {
	s.mu.Lock()
	first := !s.parting
	if first {
		s.parting = true
		s.last = &item{event: ev, size: size, class: reply}
	}
	s.mu.Unlock()
	if first {
		s.settle()
	}
}

// settle queues the last event when nothing is unanswered.
func (s *Session) settle() {
	s.mu.Lock()
	ready := s.last != nil && s.unanswered == 0 && !s.closed
	if ready {
		s.outbox.push(&s.hub.limits, *s.last)
		s.last, s.parted = nil, true
	}
	s.mu.Unlock()
	if ready {
		s.sink.Wake()
	}
}

func (s *Session) push(ev Event, size int, c class) bool {
	s.mu.Lock()
	ok := !s.closed && !s.parted && s.outbox.push(&s.hub.limits, item{event: ev, size: size, class: c})
	s.mu.Unlock()
	if ok {
		s.sink.Wake()
	}
	return ok
}

// Take moves events from the outbox to buf: as many as buf has room for, and no more after about
// bytes. It is for one goroutine at a time, when the pipe has room. Members that fell behind go on
// when it finds the outbox empty.
func (s *Session) Take(buf []Event, bytes int) []Event {
	s.mu.Lock()
	buf = s.outbox.take(buf, bytes)
	var stalled map[*membership]struct{}
	if s.outbox.len() == 0 {
		stalled, s.stalled = s.stalled, nil
	}
	s.mu.Unlock()
	for ms := range stalled {
		ms.room.drained(&ms.member)
	}
	return buf
}

// Close ends the session: the client is gone, or the gateway has sent it away. It leaves all rooms.
// cause is nil if the client closed in order. Only the first call does anything.
func (s *Session) Close(cause error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	rooms := s.rooms
	s.rooms, s.stalled, s.outbox = nil, nil, outbox{}
	s.expiry()
	var in []*membership
	for _, ms := range rooms {
		if ms.joined {
			in = append(in, ms)
		}
		ms.left = true
	}
	s.mu.Unlock()
	for _, ms := range in {
		ms.leave()
	}
	s.hub.remove(s)
	s.hub.hooks.disconnect(s, cause)
}
