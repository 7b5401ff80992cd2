package hub

import (
	"slices"
	"strings"
)

// presence knows who has at least one session in a room, on this node or another, and what of that has
// not been told yet.
//
// Invariants: users[id].here + users[id].nodes ≥ 1; users[id].nodes is the number of away[…] that have
// id; a user is in at most one of joined and left.
type presence struct {
	users  map[string]*presentUser
	away   map[string]*elsewhere   // by node
	news   map[string]struct{}     // users of whom the other nodes do not know whether they are here
	alone  bool                    // there is no other node
	joined map[string]struct{}     // came, or changed the name, since the last flush
	left   map[string]*presentUser // went since the last flush
	listed bool                    // a list without those in left was told since: whoever of them comes back is news

	list    *Presence // everybody, as of the last call of whole; nil when that is too old
	changed bool      // since then
}

type presentUser struct {
	user  User
	here  int  // sessions on this node
	nodes int  // others where the user is
	told  bool // by a flush; some may know more from a whole list
}

func (p *presence) join(u User) {
	known := p.add(u)
	known.here++
	if known.here == 1 {
		p.tell(u.ID)
	}
}

func (p *presence) leave(u User) {
	known := p.users[u.ID]
	known.here--
	if known.here == 0 {
		p.tell(u.ID)
	}
	p.drop(known)
}

// add returns a user who comes, or is here already.
func (p *presence) add(u User) *presentUser {
	p.changed = true
	if known, ok := p.users[u.ID]; ok {
		return known
	}
	known := &presentUser{user: u}
	p.users[u.ID] = known
	if was, ok := p.left[u.ID]; ok {
		delete(p.left, u.ID)
		known.told = was.told
		if was.told && was.user.Name == u.Name && !p.listed {
			return known
		}
	}
	p.mark(u.ID)
	return known
}

// drop takes out a user who is nowhere any more.
func (p *presence) drop(known *presentUser) {
	p.changed = true
	if known.here+known.nodes > 0 {
		return
	}
	u := known.user
	delete(p.users, u.ID)
	delete(p.joined, u.ID)
	if p.left == nil {
		p.left = make(map[string]*presentUser)
	}
	p.left[u.ID] = known
}

func (p *presence) rename(u User) {
	if p.renamed(u) {
		p.tell(u.ID)
	}
}

func (p *presence) renamed(u User) bool {
	known := p.users[u.ID]
	if known.user.Name == u.Name {
		return false
	}
	p.changed = true
	known.user = u
	p.mark(u.ID)
	return true
}

func (p *presence) mark(user string) {
	if p.joined == nil {
		p.joined = make(map[string]struct{})
	}
	p.joined[user] = struct{}{}
}

func (p *presence) dirty() bool { return len(p.joined)+len(p.left) > 0 }

// flush returns the changes since the last flush, nil if there are none; or everybody, where that is less than more
// than limit changes.
func (p *presence) flush(room string, limit int) *Presence {
	if !p.dirty() {
		return nil
	}
	if len(p.joined)+len(p.left) > limit {
		return p.anew(room, limit)
	}
	ev := &Presence{Room: room, Count: len(p.users)}
	for id := range p.joined {
		known := p.users[id]
		known.told = true
		ev.Joined = append(ev.Joined, known.user)
	}
	for _, gone := range p.left {
		ev.Left = append(ev.Left, gone.user)
	}
	p.joined, p.left, p.list, p.listed = nil, nil, nil, false
	sortUsers(ev.Joined)
	sortUsers(ev.Left)
	return ev
}

// anew is a flush that tells everybody, at most limit.
func (p *presence) anew(room string, limit int) *Presence {
	for id := range p.joined {
		p.users[id].told = true
	}
	p.joined, p.left, p.listed = nil, nil, false
	p.list, p.changed = p.everybody(room, limit), false
	return p.list
}

// whole returns everybody, at most limit, with the event's size. Of more than limit it is a choice
// anyway, so that may be as old as the last flush: the next one brings what has changed.
func (p *presence) whole(room string, limit int) (*Presence, int) {
	if p.list == nil || p.changed && len(p.users) <= limit {
		p.list, p.changed = p.everybody(room, limit), false
	}
	p.listed = p.listed || len(p.left) > 0
	return p.list, p.list.size()
}

func (p *presence) everybody(room string, limit int) *Presence {
	ev := &Presence{Room: room, Whole: true, Count: len(p.users)}
	for _, u := range p.users {
		if len(ev.Joined) == limit {
			break
		}
		ev.Joined = append(ev.Joined, u.user)
	}
	sortUsers(ev.Joined)
	return ev
}

// only reports whether the event says no more than that this user came.
func (p *Presence) only(user string) bool {
	return len(p.Left) == 0 && len(p.Joined) == 1 && p.Joined[0].ID == user
}

func sortUsers(us []User) {
	slices.SortFunc(us, func(a, b User) int { return strings.Compare(a.ID, b.ID) })
}
