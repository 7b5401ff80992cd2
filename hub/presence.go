package hub

import (
	"slices"
	"strings"
)

// presence knows who has at least one session in a room, and what of that has not been told yet.
//
// Invariants: users[id].sessions ≥ 1; a user is in at most one of joined and left.
type presence struct {
	users  map[string]*presentUser
	joined map[string]struct{} // came, or changed the name, since the last flush
	left   map[string]User     // went since the last flush
}

type presentUser struct {
	user     User
	sessions int
}

func (p *presence) join(u User) {
	if known, ok := p.users[u.ID]; ok {
		known.sessions++
		return
	}
	p.users[u.ID] = &presentUser{user: u, sessions: 1}
	if was, ok := p.left[u.ID]; ok {
		delete(p.left, u.ID)
		if was.Name == u.Name {
			return
		}
	}
	p.mark(u.ID)
}

func (p *presence) leave(u User) {
	known := p.users[u.ID]
	known.sessions--
	if known.sessions > 0 {
		return
	}
	delete(p.users, u.ID)
	delete(p.joined, u.ID)
	if p.left == nil {
		p.left = make(map[string]User)
	}
	p.left[u.ID] = known.user
}

func (p *presence) rename(u User) {
	known := p.users[u.ID]
	if known.user.Name != u.Name {
		known.user = u
		p.mark(u.ID)
	}
}

func (p *presence) mark(user string) {
	if p.joined == nil {
		p.joined = make(map[string]struct{})
	}
	p.joined[user] = struct{}{}
}

func (p *presence) dirty() bool { return len(p.joined)+len(p.left) > 0 }

// flush returns the changes since the last flush, nil if there are none.
func (p *presence) flush(room string) *Presence {
	if !p.dirty() {
		return nil
	}
	ev := &Presence{Room: room, Count: len(p.users)}
	for id := range p.joined {
		ev.Joined = append(ev.Joined, p.users[id].user)
	}
	for _, u := range p.left {
		ev.Left = append(ev.Left, u)
	}
	p.joined, p.left = nil, nil
	sortUsers(ev.Joined)
	sortUsers(ev.Left)
	return ev
}

// whole returns everybody, at most limit, with the event's size.
func (p *presence) whole(room string, limit int) (*Presence, int) {
	ev := &Presence{Room: room, Whole: true, Count: len(p.users)}
	for _, u := range p.users {
		if len(ev.Joined) == limit {
			break
		}
		ev.Joined = append(ev.Joined, u.user)
	}
	sortUsers(ev.Joined)
	return ev, ev.size()
}

// only reports whether the event says no more than that this user came.
func (p *Presence) only(user string) bool {
	return len(p.Left) == 0 && len(p.Joined) == 1 && p.Joined[0].ID == user
}

func sortUsers(us []User) {
	slices.SortFunc(us, func(a, b User) int { return strings.Compare(a.ID, b.ID) })
}
