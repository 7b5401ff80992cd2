package ws

import "time"

// tick is a moment in a loop's coarse time; zero is none.
type tick uint32

// tickLength is how coarse. A deadline is kept at most two ticks late and never early.
const tickLength = 50 * time.Millisecond

// ticks is how many ticks a duration takes, at most a year.
func ticks(d time.Duration) tick {
	return tick((min(d, 365*24*time.Hour) + tickLength - 1) / tickLength)
}

// wheel keeps one deadline per seat: a seat hangs in the slot of its tick, modulo the wheel's size. So
// setting and removing take constant time and no memory but the seat's own links.
type wheel struct {
	slots [512]*seat // the first of each slot's list
	n     int        // seats that hang
	seen  tick       // what was due up to here was taken; at > seen for all that hang
}

// spoke is a seat's place in the wheel.
type spoke struct {
	at         tick // zero: it does not hang
	prev, next *seat
}

// set hangs s at a tick, wherever it hung before.
func (w *wheel) set(s *seat, at tick) {
	w.remove(s)
	at = max(at, w.seen+1)
	first := &w.slots[int(at)%len(w.slots)]
	s.spoke = spoke{at: at, next: *first}
	if *first != nil {
		(*first).spoke.prev = s
	}
	*first = s
	w.n++
}

func (w *wheel) remove(s *seat) {
	if s.spoke.at == 0 {
		return
	}
	prev, next := s.spoke.prev, s.spoke.next
	if prev != nil {
		prev.spoke.next = next
	} else {
		w.slots[int(s.spoke.at)%len(w.slots)] = next
	}
	if next != nil {
		next.spoke.prev = prev
	}
	s.spoke = spoke{}
	w.n--
}

// due takes those whose tick is now or earlier off the wheel and appends them to list.
func (w *wheel) due(now tick, list []*seat) []*seat {
	first := w.seen + 1
	if now >= tick(len(w.slots)) {
		first = max(first, now-tick(len(w.slots))+1) // once round is enough
	}
	for t := first; t <= now && w.n > 0; t++ {
		for s := w.slots[int(t)%len(w.slots)]; s != nil; {
			next := s.spoke.next
			if s.spoke.at <= now {
				w.remove(s)
				list = append(list, s)
			}
			s = next
		}
	}
	w.seen = max(w.seen, now)
	return list
}
