package hub

// elsewhere is who is in a room on one other node, as far as it has told.
type elsewhere struct {
	users  map[string]struct{}
	silent int // sweeps since it last told everything
}

// maxSilent is how many sweeps a node may miss before those who were on it count as gone.
const maxSilent = 3

// tell notes that the other nodes are to hear of a user.
func (p *presence) tell(user string) {
	if p.alone {
		return
	}
	if p.news == nil {
		p.news = make(map[string]struct{})
	}
	p.news[user] = struct{}{}
}

// flushNews returns what the other nodes do not know of those who are here, nil if they know all.
func (p *presence) flushNews(room string) *Presence {
	if len(p.news) == 0 {
		return nil
	}
	ev := &Presence{Room: room}
	for id := range p.news {
		if known := p.users[id]; known != nil && known.here > 0 {
			ev.Joined = append(ev.Joined, shown(known.user))
		} else {
			ev.Left = append(ev.Left, User{ID: id})
		}
	}
	p.news = nil
	sortUsers(ev.Joined)
	sortUsers(ev.Left)
	return ev
}

// wholeNews returns all who are here, nil if there is nobody.
func (p *presence) wholeNews(room string) *Presence {
	ev := &Presence{Room: room, Whole: true}
	for _, known := range p.users {
		if known.here > 0 {
			ev.Joined = append(ev.Joined, shown(known.user))
		}
	}
	if len(ev.Joined) == 0 {
		return nil
	}
	p.news = nil
	sortUsers(ev.Joined)
	return ev
}

// shown is what of a user others see.
func shown(u User) User { return User{ID: u.ID, Name: u.Name} }

// hear takes what another node tells of those who are on it.
func (p *presence) hear(node string, ev *Presence) {
	at := p.away[node]
	if at == nil {
		if len(ev.Joined) == 0 {
			return
		}
		if p.away == nil {
			p.away = make(map[string]*elsewhere)
		}
		at = &elsewhere{users: make(map[string]struct{})}
		p.away[node] = at
	}
	if ev.Whole {
		at.silent = 0
		p.forgetBut(at, ev.Joined)
	}
	for _, u := range ev.Joined {
		p.arrive(at, u)
	}
	for _, u := range ev.Left {
		p.depart(at, u.ID)
	}
	if len(at.users) == 0 {
		delete(p.away, node)
	}
}

func (p *presence) arrive(at *elsewhere, u User) {
	if _, there := at.users[u.ID]; there {
		p.renamed(u)
		return
	}
	at.users[u.ID] = struct{}{}
	p.add(u).nodes++
}

func (p *presence) depart(at *elsewhere, user string) {
	if _, there := at.users[user]; !there {
		return
	}
	delete(at.users, user)
	known := p.users[user]
	known.nodes--
	p.drop(known)
}

// forgetBut lets all depart but some.
func (p *presence) forgetBut(at *elsewhere, stay []User) {
	staying := make(map[string]bool, len(stay))
	for _, u := range stay {
		staying[u.ID] = true
	}
	for id := range at.users {
		if !staying[id] {
			p.depart(at, id)
		}
	}
}

// sweep lets those depart whose node has been silent for too long.
func (p *presence) sweep() {
	for node, at := range p.away {
		if at.silent++; at.silent > maxSilent {
			p.forgetBut(at, nil)
			delete(p.away, node)
		}
	}
}
