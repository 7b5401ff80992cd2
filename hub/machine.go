package hub

// room is a room as a pure machine: it takes what happened and pushes what follows into the outlets
// of its members. It has no clock, no lock and no goroutine; Room gives it those. Where it needs
// pages of the log it answers with what to read, and takes them by page.
type room struct {
	name    string
	limits  *Limits
	log     log
	members []*member // members[i].place = i
	who     presence
	marks   marks
}

func newRoom(name string, l *Limits) *room {
	return &room{
		name:   name,
		limits: l,
		who:    presence{users: make(map[string]*presentUser)},
		marks:  marks{users: make(map[string]Receipt), changed: make(map[string]struct{})},
	}
}

// load gives the room what the store knows: the log's extent, its newest messages, its receipts.
func (r *room) load(s RoomState, newest []*Message, receipts []Receipt) {
	r.log.epoch, r.log.first, r.log.head = s.Epoch, s.First, s.Head
	if n := len(newest); n > 0 && newest[n-1].Seq == s.Head {
		for _, m := range newest {
			r.log.add(m)
		}
	}
	r.marks.load(receipts)
}

// page is a range of the log to be read for a member, or for the room itself to close a hole.
type page struct {
	member   *member // nil: for the room
	from, to uint64
}

// pageSize is how many messages a catch-up reads at a time.
const pageSize = 128

// join puts a session into the room and says where it starts. Nothing is delivered until start.
func (r *room) join(m *member, o JoinOptions) Joined {
	m.state, m.lag, m.plain = joining, o.Lag, o.MessagesOnly
	m.gap, m.held, m.quiet = nil, nil, nil
	if !r.has(m) {
		m.place = len(r.members)
		r.members = append(r.members, m)
		r.who.join(m.user)
	}
	recovered := r.seat(m, o)
	return Joined{
		Room:      r.name,
		Epoch:     r.log.epoch,
		Head:      max(r.log.head, m.cursor-1),
		Recovered: recovered,
		Next:      m.cursor,
		Own:       r.marks.of(r.name, m.user.ID),
		Receipts:  r.marks.list(m.user.ID, r.limits.ReceiptList),
		Count:     len(r.who.users),
	}
}

// seat sets the cursor by what the reader says it has, and reports whether it misses nothing.
func (r *room) seat(m *member, o JoinOptions) bool {
	head := r.log.head
	m.cursor = head + 1
	switch {
	case !o.Replay:
		return true
	case o.Epoch != "" && o.Epoch != r.log.epoch, o.Since > 0 && uint64(o.Since) > r.log.known():
		m.gap = r.gap(min(r.log.first, head), head, GapEpoch)
		return false
	case o.Since < 0:
		m.cursor = r.log.first
		if back := uint64(-o.Since); back < head+1-r.log.first {
			m.cursor = head + 1 - back
		}
		return true
	case uint64(o.Since)+1 < r.log.first:
		m.cursor = r.log.first
		m.gap = r.gap(uint64(o.Since)+1, r.log.first-1, GapTrimmed)
		return false
	}
	m.cursor = uint64(o.Since) + 1
	return true
}

func (r *room) gap(from, to uint64, why GapReason) *Gap {
	return &Gap{Room: r.name, From: from, To: to, Why: why, Epoch: r.log.epoch}
}

// start begins delivery to a member whose join was answered.
func (r *room) start(m *member) []page {
	if !r.has(m) || m.state != joining {
		return nil
	}
	m.state = waiting
	if !m.plain {
		m.tell(r.who.whole(r.name, r.limits.PresenceList))
	}
	if m.gap != nil {
		m.out.push(m.gap, gapSize, reply)
		m.gap = nil
	}
	for _, it := range m.held {
		m.tell(it.event, it.size)
	}
	m.held = nil
	return r.advance(m)
}

// advance brings a member as far as its outbox has room: live, if it can. Replay after a join,
// catching up after a lag, and turning live all go through here.
func (r *room) advance(m *member) []page {
	if m.cursor < r.log.first {
		m.out.push(r.gap(m.cursor, r.log.first-1, GapTrimmed), gapSize, reply)
		m.cursor = r.log.first
	}
	msgs, ok := r.log.recent(m.cursor)
	if !ok {
		if m.out.space() == 0 {
			m.pause(waiting)
			return nil
		}
		m.state = reading
		return []page{{member: m, from: m.cursor, to: min(m.cursor+pageSize-1, r.log.head)}}
	}
	for _, msg := range msgs {
		if !m.deliver(msg) {
			m.pause(waiting)
			return nil
		}
	}
	m.state = live
	return nil
}

// page takes messages that were read for a member. None means that they are gone from the log.
func (r *room) page(m *member, p page, msgs []*Message) []page {
	if !r.has(m) || m.state != reading || m.cursor != p.from {
		return nil
	}
	m.state = waiting
	for _, msg := range msgs {
		if msg.Seq > m.cursor {
			r.trimmed(msg.Seq)
			break
		}
		if !m.deliver(msg) {
			m.pause(waiting)
			return nil
		}
	}
	if len(msgs) == 0 {
		r.trimmed(p.to + 1)
	}
	return r.advance(m)
}

// restart takes the state of a log that has been begun anew: what a memory store drops when it is
// full comes back empty, with another epoch. Members are told that what they knew is gone.
func (r *room) restart(s RoomState) {
	r.log = log{epoch: s.Epoch, first: s.First, head: s.First - 1}
	for _, m := range r.members {
		if m.state == joining {
			continue
		}
		m.out.push(r.gap(r.log.first, r.log.head, GapEpoch), gapSize, reply)
		m.cursor, m.quiet, m.state = r.log.first, nil, live
	}
}

// trimmed learns that the log now begins at first.
func (r *room) trimmed(first uint64) { r.log.first = max(r.log.first, first) }

// drained goes on with a member whose outbox has become empty.
func (r *room) drained(m *member) []page {
	if !r.has(m) {
		return nil
	}
	if m.missed {
		m.missed = false
		m.tell(r.who.whole(r.name, r.limits.PresenceList))
		for _, rc := range r.marks.list(m.user.ID, r.limits.ReceiptList) {
			m.tell(&ReceiptEvent{Receipt: rc}, receiptSize)
		}
	}
	switch {
	case m.state == lagging && m.lag == LagGap:
		m.out.push(r.gap(m.cursor, r.log.head, GapLag), gapSize, reply)
		m.cursor, m.quiet, m.state = r.log.head+1, nil, live
	case m.state == lagging, m.state == waiting:
		return r.advance(m)
	}
	return nil
}

// fill takes messages that were read to close a hole.
func (r *room) fill(msgs []*Message) []page {
	r.log.filling = false
	return r.learn(msgs)
}

// hear learns that another node has written up to head.
func (r *room) hear(head uint64) []page {
	r.log.heard = max(r.log.heard, head)
	return r.learn(nil)
}

// learn takes committed messages, in any order; those that are next go to all live members. It
// returns the hole to be read, if there is one now.
func (r *room) learn(msgs []*Message) []page {
	var next []*Message
	for _, m := range msgs {
		next = append(next, r.log.learn(m)...)
	}
	if len(next) > 0 {
		for _, m := range r.members {
			r.push(m, next)
		}
	}
	if from, to := r.log.hole(); to > 0 {
		return []page{{from: from, to: to}}
	}
	return nil
}

func (r *room) push(m *member, msgs []*Message) {
	if m.state != live {
		return
	}
	for _, msg := range msgs {
		if !m.deliver(msg) {
			m.pause(lagging)
			return
		}
	}
}

// signal goes to every member but the session that sent it, or that its client goes on with.
func (r *room) signal(s *Signal, from string) {
	size := s.size()
	for _, m := range r.members {
		if from == "" || m.id != from && m.before != from {
			m.tell(s, size)
		}
	}
}

// leave takes a session out of the room.
func (r *room) leave(m *member) {
	if !r.has(m) {
		return
	}
	last := len(r.members) - 1
	r.members[last].place = m.place
	r.members[m.place] = r.members[last]
	r.members[last] = nil
	r.members = r.members[:last]
	r.who.leave(m.user)
	if _, present := r.who.users[m.user.ID]; !present {
		r.marks.gone(m.user.ID)
	}
}

// rename tells that a member's user has another name now.
func (r *room) rename(m *member, u User) {
	m.user = u
	if r.has(m) {
		r.who.rename(u)
	}
}

func (r *room) has(m *member) bool {
	return m.place < len(r.members) && r.members[m.place] == m
}

// beat tells what has changed in presence and receipts since the last one, and reports whether
// anything had.
func (r *room) beat() bool {
	p, receipts := r.who.flush(r.name, r.limits.PresenceList), r.marks.flush()
	if p != nil {
		for _, m := range r.members {
			if m.state != joining && !p.only(m.user.ID) {
				m.tell(p, p.size())
			}
		}
	}
	if len(receipts) > 0 {
		r.tellReceipts(receipts)
	}
	return p != nil || len(receipts) > 0
}

// everybody is the number of members up to which each is told of each receipt. In larger rooms only
// those whose messages are in the tail are, and the user's own other sessions.
const everybody = 200

func (r *room) tellReceipts(receipts []*ReceiptEvent) {
	var authors map[string]bool
	if len(r.members) > everybody {
		authors = make(map[string]bool)
		for _, msg := range r.log.tail {
			authors[msg.From] = true
		}
	}
	for _, m := range r.members {
		all := authors == nil || authors[m.user.ID]
		for _, rc := range receipts {
			if all || rc.User == m.user.ID {
				m.tell(rc, receiptSize)
			}
		}
	}
}
