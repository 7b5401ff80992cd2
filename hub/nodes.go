package hub

import (
	"slices"
	"time"
)

const (
	// toldAll is how often a node tells the others everybody who is in its rooms, so that what got lost
	// is made good. A node that falls silent is forgotten, with all on it, within four times as long.
	toldAll = 20 * time.Second

	// asked is how long a room that was just opened waits, when somebody asks who is there, for what the
	// other nodes have to say to that.
	asked = 100 * time.Millisecond

	// noticeUsers is how many users one notice names. Of more there are several.
	noticeUsers = 500
)

// repeat tells the other nodes everybody, again and again.
func (h *Hub) repeat() {
	h.later(toldAll, func() {
		h.mu.Lock()
		all := make([]*Room, 0, len(h.rooms))
		for _, r := range h.rooms {
			r.holders++
			all = append(all, r)
		}
		h.mu.Unlock()
		for _, r := range all {
			r.sweep()
			h.release(r, 1)
		}
		h.repeat()
	})
}

func (r *Room) sweep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.machine.who.sweep()
	r.tellAll()
	r.changed()
}

// tellAll tells the other nodes everybody who is here. r.mu is held.
func (r *Room) tellAll() { r.tellPresence(r.machine.who.wholeNews(r.name)) }

// tellNews tells the other nodes who has come and gone here. r.mu is held.
func (r *Room) tellNews() { r.tellPresence(r.machine.who.flushNews(r.name)) }

// tellPresence tells in several notices what is too much for one: the first may be whole, the others
// add to it.
func (r *Room) tellPresence(all *Presence) {
	if all == nil {
		return
	}
	whole := all.Whole
	for joined := range slices.Chunk(all.Joined, noticeUsers) {
		r.hub.tell(Notice{Room: r.name, Presence: &Presence{Room: r.name, Whole: whole, Joined: joined}})
		whole = false
	}
	for left := range slices.Chunk(all.Left, noticeUsers) {
		r.hub.tell(Notice{Room: r.name, Presence: &Presence{Room: r.name, Left: left}})
	}
}

// ask asks the other nodes who is there. r.mu is held.
func (r *Room) ask() {
	if r.hub.config.Bus != nil {
		r.asked = time.Now()
		r.hub.tell(Notice{Room: r.name, Ask: true})
	}
}

// whenTold calls f when the other nodes had the time to say who is there.
func (r *Room) whenTold(f func()) {
	r.mu.Lock()
	wait := time.Until(r.asked.Add(asked))
	r.mu.Unlock()
	if r.hub.config.Bus == nil || wait <= 0 {
		f()
		return
	}
	told := func() {
		select {
		case <-time.After(wait):
		case <-r.hub.ctx.Done():
		}
		f()
	}
	if !r.hub.spawn(told) {
		f()
	}
}
