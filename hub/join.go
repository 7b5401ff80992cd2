package hub

// JoinOptions says from where a session wants a room's messages.
type JoinOptions struct {
	Replay bool   // Since is given; otherwise only what comes from now on
	Since  int64  // ≥ 0: the messages with a higher seq; < 0: the last -Since
	Epoch  string // of the log that Since is meant in; empty: whichever
	Lag    LagPolicy

	// MessagesOnly leaves out presence, receipts and signals. The session is present all the same.
	MessagesOnly bool
}

// Joined answers a Join.
type Joined struct {
	Room      string
	Epoch     string
	Head      uint64
	Next      uint64    // the seq of the next message that is pushed
	Recovered bool      // nothing between Since and Head is missing; otherwise a Gap follows
	Own       Receipt   // the user's watermarks
	Receipts  []Receipt // others', the highest first, at most Limits.ReceiptList
	Count     int       // users present
}

// Join puts the session into a room. done is called before the room's first event is in the outbox:
// a whole Presence, a Gap if messages are missing, the replay, and then what is live, without a hole
// or a double between them. A second Join of the same room starts its replay anew.
func (s *Session) Join(room string, o JoinOptions, done func(Joined, error)) {
	ms, err := s.prepareJoin(room)
	if err != nil {
		done(Joined{}, err)
		return
	}
	ms.room.whenLoaded(func(err error) {
		if err == nil {
			ms.room.whenKnown(uint64(max(o.Since, 0)), func() {
				ms.room.knowReceipt(s.userID, func(own Receipt) { ms.join(o, own, done) })
			})
			return
		}
		ms.abandon()
		done(Joined{}, err)
		s.end()
	})
}

// prepareJoin checks a join and reserves its place, or finds the one that is to start anew.
func (s *Session) prepareJoin(name string) (*membership, error) {
	if err := CheckRoom(name); err != nil {
		return nil, err
	}
	if err := s.hub.authorize(s.User(), ActJoin, name); err != nil {
		return nil, err
	}
	if err := s.hub.hooks.join(s, name); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.parting {
		return nil, ErrClosed
	}
	if ms := s.rooms[name]; ms != nil {
		if !ms.joined {
			return nil, &Error{Code: CodeBusy, Message: "a join of this room is under way", Retry: true}
		}
		s.unanswered++
		return ms, nil
	}
	if len(s.rooms) >= s.hub.limits.SessionRooms {
		return nil, &Error{Code: CodeLimit, Message: "the session is in too many rooms, leave one first"}
	}
	r, err := s.hub.open(name)
	if err != nil {
		return nil, err
	}
	ms := &membership{session: s, room: r}
	ms.member = member{id: s.id, before: s.before, user: s.user, out: ms}
	s.rooms[name] = ms
	s.unanswered++
	return ms, nil
}

// abandon gives up a join that never came about.
func (ms *membership) abandon() {
	s := ms.session
	s.mu.Lock()
	if !ms.joined && s.rooms[ms.room.name] == ms {
		delete(s.rooms, ms.room.name)
	}
	joined := ms.joined
	s.mu.Unlock()
	if !joined {
		s.hub.release(ms.room, 1)
	}
}

func (ms *membership) join(o JoinOptions, own Receipt, done func(Joined, error)) {
	r, s := ms.room, ms.session
	user := s.User()
	r.refresh()
	r.mu.Lock()
	r.machine.marks.know(own)
	ms.member.user = user
	joined := r.machine.join(&ms.member, o)
	r.mu.Unlock()

	s.mu.Lock()
	first, left := !ms.joined, ms.left
	if !left {
		ms.joined = true
	}
	s.mu.Unlock()
	if left {
		if first {
			r.leave(&ms.member)
		}
		done(Joined{}, ErrClosed)
		s.end()
		return
	}

	if first {
		s.hub.hooks.joined(s, r.name)
	}
	done(joined, nil)
	r.mu.Lock()
	r.read(r.machine.start(&ms.member))
	r.changed()
	r.mu.Unlock()
	s.end()
}

// knowReceipt finds a user's receipt: mostly the room itself knows all there are, else the store.
func (r *Room) knowReceipt(user string, f func(Receipt)) {
	r.mu.Lock()
	known := r.machine.marks.knows(user)
	r.mu.Unlock()
	if known {
		f(Receipt{})
		return
	}
	r.hub.pool.run(func() {
		ctx, cancel := r.hub.readContext()
		defer cancel()
		own, err := r.store.Receipt(ctx, r.name, user)
		if err != nil {
			r.hub.log.Error("receipt cannot be read", "room", r.name, "err", err)
		}
		f(own)
	})
}

// Leave takes the session out of a room.
func (s *Session) Leave(room string) error {
	s.mu.Lock()
	ms := s.rooms[room]
	if ms == nil {
		s.mu.Unlock()
		return ErrNotJoined
	}
	delete(s.rooms, room)
	delete(s.stalled, ms)
	ms.left = true
	joined := ms.joined
	s.mu.Unlock()
	if joined {
		ms.leave()
	}
	return nil
}

// leave takes the membership out of its room and gives the room back.
func (ms *membership) leave() {
	s := ms.session
	ms.room.leave(&ms.member)
	s.hub.hooks.left(s, ms.room.name)
}

// A membership is its member's outlet.

func (ms *membership) push(ev Event, size int, c class) bool { return ms.session.push(ev, size, c) }

func (ms *membership) space() int {
	s := ms.session
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outbox.space(&s.hub.limits)
}

// stall wakes the sink even though nothing was pushed: the outbox may have drained meanwhile.
func (ms *membership) stall() {
	s := ms.session
	s.mu.Lock()
	if !s.closed {
		if s.stalled == nil {
			s.stalled = make(map[*membership]struct{})
		}
		s.stalled[ms] = struct{}{}
	}
	s.mu.Unlock()
	s.sink.Wake()
}
