package hub

// Bus carries wake-ups between the nodes that share a store. It may lose and repeat: the log is in
// the store, and what is missed is read there. bustest is the suite that every driver passes.
type Bus interface {
	// Publish tells the other nodes. It never blocks, and calls nobody before it returns: a lock of the
	// hub may be held. What a notice points to is not changed any more.
	Publish(n Notice)
	// Subscribe calls f for what other nodes publish, until cancel. f must return quickly.
	Subscribe(f func(Notice)) (cancel func())
}

// Notice is one thing that nodes tell each other about a room or a user. Exactly one of
// Head, Signal, Receipt, Presence, Ask and Ended is set.
type Notice struct {
	Node    string // who says it; a node ignores its own
	Room    string // empty for what is for a user
	User    string // whom a signal is for, or whose session ends
	Session string // that sent the signal into the room: it is not told; or that ends, with what follows it
	Head    uint64 // the log has grown to here
	Signal  *Signal
	Receipt *Receipt

	// Presence is who has come to the room on the node, and who has left it there; if Whole, all who are
	// there, to whom further notices may add. Users have an ID and a Name.
	Presence *Presence
	Ask      bool // the others are to tell a Whole of the room

	Ended *Error // why a session of the user ends, wherever it lives

	// Topic and Data are a gateway's own, which the hub does not read. Nothing else is set but Node.
	Topic string
	Data  string
}

// tell publishes a notice to the other nodes.
func (h *Hub) tell(n Notice) {
	if h.config.Bus != nil {
		n.Node = h.node
		h.config.Bus.Publish(n)
	}
}

// hear takes a notice from another node: the same door into the room as our own messages have.
func (h *Hub) hear(n Notice) {
	if n.Node == h.node {
		return
	}
	switch {
	case n.Topic != "":
		return
	case n.Ended != nil:
		h.end(n.User, n.Session, nil, n.Ended)
		return
	case n.User != "":
		h.signalUser(n.User, n.Signal)
		return
	}
	r, ok := h.opened(n.Room)
	if !ok {
		return
	}
	defer h.release(r, 1)
	r.hear(n)
}

func (r *Room) hear(n Notice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.loaded {
		return
	}
	switch {
	case n.Signal != nil:
		r.machine.signal(n.Signal, n.Session)
	case n.Presence != nil:
		r.machine.who.hear(n.Node, n.Presence)
		r.changed()
	case n.Ask:
		r.tellAll()
	case n.Receipt != nil:
		if _, rose := r.machine.marks.raise(*n.Receipt, r.machine.log.known()); rose {
			r.changed()
		}
	case n.Head > 0:
		r.read(r.machine.hear(n.Head))
	}
}
