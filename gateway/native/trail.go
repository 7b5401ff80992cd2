package native

import (
	"slices"
	"sync"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// trail is where a client is that comes back by itself: a place in each of its rooms, moved on by what
// is sent to it.
type trail struct {
	guide transport.Guide
	where func([]byte) []byte // append

	mu     sync.Mutex // guards what follows; no other is taken under it
	places []*place   // in the order in which the client has named the rooms
	known  bool       // the client has come back, or may: it says what it was told
}

type place struct {
	at      wire.Join // how the client goes on that has all that was sent
	told    wire.Join // at, when the client was last told
	entered bool      // the ok of its join was sent
	greeted bool      // it was told who is there
}

func newTrail(g transport.Guide, known bool) *trail {
	t := &trail{guide: g, known: known}
	t.where = t.append
	return t
}

// lead tells the pipe what the client that gets e next is to know.
func (t *trail) lead(e hub.Event) {
	moved, ripe := t.follow(e)
	if moved {
		t.guide.Mark(t.where)
	}
	if ripe {
		t.guide.Ripe()
	}
}

// entered is a join's ok on its way through the outbox.
type entered struct {
	asked *wire.Join
	next  uint64 // the seq of the first message that follows
	*wire.JoinOK
}

// begin puts the client where it says it is.
func (t *trail) begin(j *wire.Join) *place {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := &place{at: *j, told: *j}
	t.places = append(t.places, p)
	return p
}

// has reports whether the client still wants to be in the place's room since it was begun.
func (t *trail) has(p *place) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Contains(t.places, p)
}

// find returns the room's place. t.mu is held.
func (t *trail) find(room string) *place {
	for _, p := range t.places {
		if p.at.Room == room {
			return p
		}
	}
	return nil
}

// end forgets a room.
func (t *trail) end(room string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.places = slices.DeleteFunc(t.places, func(p *place) bool { return p.at.Room == room })
}

// compare looks for what has changed since the client was last told where it is: rooms that it is to
// join now, and rooms that it is to leave. ok is false if it is elsewhere than it was told, or is to leave a room whose
// join is under way: what that brings would come again when it joins once more, as a client does whose requests
// have overtaken each other.
func (t *trail) compare(asked []*wire.Join) (join []*wire.Join, leave []string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	named := make(map[string]bool, len(asked))
	for _, j := range asked {
		named[j.Room] = true
		switch p := t.find(j.Room); {
		case p == nil:
			join = append(join, j)
		case p.told != *j:
			return nil, nil, false
		}
	}
	for _, p := range t.places {
		switch {
		case named[p.at.Room]:
		case !p.entered:
			return nil, nil, false
		default:
			leave = append(leave, p.at.Room)
		}
	}
	return join, leave, true
}

// follow moves to where a client is that has e. It reports whether that is another place, and whether
// e is worth an answer to one that waits: what merely begins a session again is not.
func (t *trail) follow(e hub.Event) (moved, ripe bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := e.(type) {
	case *hub.Message:
		return t.move(e.Room, e.Seq, ""), true
	case *hub.Gap:
		return t.move(e.Room, e.To, e.Epoch), true
	case *entered:
		return t.enter(e)
	case *hub.Presence:
		p := t.find(e.Room)
		first := p != nil && !p.greeted && e.Whole
		if first {
			p.greeted = true
		}
		// Clients that begin anew each time, as somebody else maybe, would wake each other all the time.
		return false, !first && t.known
	case *hub.Signal, *hub.ReceiptEvent, *wire.Error:
		return false, true
	}
	return false, false
}

func (t *trail) move(room string, seq uint64, epoch string) bool {
	p := t.find(room)
	if p == nil {
		return false
	}
	p.at.Since, p.at.Replay = int64(seq), true
	if epoch != "" {
		p.at.Epoch = epoch
	}
	return true
}

// enter takes a join's ok. Where a gap follows, the client stays where it was until it has that.
func (t *trail) enter(e *entered) (moved, ripe bool) {
	p := t.find(e.Room)
	if p == nil {
		return false, false
	}
	p.entered = true
	known := e.asked.Replay && e.asked.Since >= 0
	if e.Recovered {
		t.move(e.Room, e.next-1, e.Epoch)
	}
	return true, !known
}

// append appends the client's cursors, which it is told.
func (t *trail) append(b []byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known = true
	for i, p := range t.places {
		if i > 0 {
			b = append(b, ',')
		}
		b = p.at.AppendCursor(b)
		p.told = p.at
	}
	return b
}
