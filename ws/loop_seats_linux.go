package ws

// seats are the connections of a loop by number. A number is used again with another generation, so
// that an event for who had it before is known as such.
type seats struct {
	all  []seatSlot
	free []int32
}

type seatSlot struct {
	seat       *seat // nil: free
	generation int32
}

func (t *seats) taken() int { return len(t.all) - len(t.free) }

func (t *seats) add(s *seat) (id, generation int32) {
	if n := len(t.free); n > 0 {
		id = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		id = int32(len(t.all))
		t.all = append(t.all, seatSlot{})
	}
	t.all[id].seat = s
	return id, t.all[id].generation
}

func (t *seats) remove(id int32) {
	t.all[id].seat = nil
	t.all[id].generation++
	t.free = append(t.free, id)
}

func (t *seats) get(id, generation int32) *seat {
	if int(id) >= len(t.all) || t.all[id].generation != generation {
		return nil
	}
	return t.all[id].seat
}
