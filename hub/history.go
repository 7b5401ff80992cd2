package hub

import "slices"

// HistoryQuery asks for a part of a room's log: the Limit messages before seq Before (0: the newest),
// or, if After is given, the Limit messages after seq After.
type HistoryQuery struct {
	Before uint64
	After  *uint64
	Limit  int // 1 to Limits.History; 0 is 50
}

// History answers a query. Messages are in ascending order.
type History struct {
	Room     string
	Epoch    string
	First    uint64 // the log holds First..Head
	Head     uint64
	Messages []*Message
}

const defaultHistory = 50

// History reads from a room's log. The session need not be in the room.
func (s *Session) History(room string, q HistoryQuery, done func(History, error)) {
	if err := s.begin(); err != nil {
		done(History{}, err)
		return
	}
	s.hub.history(s.User(), room, q, func(h History, err error) {
		done(h, err)
		s.end()
	})
}

func (h *Hub) history(u User, room string, q HistoryQuery, done func(History, error)) {
	if err := CheckRoom(room); err != nil {
		done(History{}, err)
		return
	}
	if err := h.authorize(u, ActHistory, room); err != nil {
		done(History{}, err)
		return
	}
	r, err := h.open(room)
	if err != nil {
		done(History{}, err)
		return
	}
	r.whenLoaded(func(err error) {
		if err != nil {
			h.release(r, 1)
			done(History{}, err)
			return
		}
		read := func() {
			r.history(q, func(hist History, err error) {
				h.release(r, 1)
				done(hist, err)
			})
		}
		if h.config.Bus == nil || r.volatile {
			read()
			return
		}
		h.pool.run(func() { // another node may have written what this one has not heard of
			r.catchUp()
			read()
		})
	})
}

func (r *Room) history(q HistoryQuery, done func(History, error)) {
	r.refresh()
	r.mu.Lock()
	l := &r.machine.log
	from, to := q.window(l.first, l.known(), r.hub.limits.History)
	answer := History{Room: r.name, Epoch: l.epoch, First: l.first, Head: l.known()}
	if from > to {
		r.mu.Unlock()
		done(answer, nil)
		return
	}
	if recent, ok := l.recent(from); ok && to <= l.head {
		answer.Messages = slices.Clone(recent[:to-from+1])
		r.mu.Unlock()
		done(answer, nil)
		return
	}
	r.mu.Unlock()
	r.hub.pool.run(func() {
		ctx, cancel := r.hub.readContext()
		defer cancel()
		var err error
		answer.Messages, err = r.store.Read(ctx, r.name, from, to, int(to-from+1))
		if err != nil {
			done(History{}, r.hub.storeError(r.name, err))
			return
		}
		done(answer, nil)
	})
}

// window turns a query into the range from..to of a log that holds first..head.
func (q HistoryQuery) window(first, head uint64, most int) (from, to uint64) {
	limit := uint64(defaultHistory)
	if q.Limit > 0 {
		limit = uint64(min(q.Limit, most))
	}
	if q.After != nil {
		from = max(first, min(*q.After, head)+1)
		return from, min(head, from+limit-1)
	}
	to = head
	if q.Before > 0 {
		to = min(head, q.Before-1)
	}
	from = first
	if to >= limit {
		from = max(first, to-limit+1)
	}
	return from, to
}

// Present answers who is in a room that this session is in: at most Limits.PresenceList users, and
// how many there are.
func (s *Session) Present(room string) ([]User, int, error) {
	ms, err := s.in(room)
	if err != nil {
		return nil, 0, err
	}
	us, count := ms.room.present()
	return us, count, nil
}

func (r *Room) present() ([]User, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, _ := r.machine.who.whole(r.name, r.hub.limits.PresenceList)
	return p.Joined, p.Count
}
