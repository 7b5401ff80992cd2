package socketio

// RoomEvent is a change of the rooms of a namespace on this node. A socket's own room is not told of.
type RoomEvent struct {
	Kind   RoomEventKind
	Room   string
	Socket *Socket // who has joined or left; nil for the other kinds
}

// RoomEventKind is what has happened to a room.
type RoomEventKind uint8

// The kinds. A room is created before its first socket joins, and deleted after its last has left.
const (
	RoomCreated RoomEventKind = iota
	RoomJoined
	RoomLeft
	RoomDeleted
)

// watch is what OnRoom has added, and what it is to be told.
type watch struct {
	all     []func(RoomEvent) // never changed, but replaced
	waiting []RoomEvent
	telling bool // a goroutine does
	missed  int
}

// maxRoomEvents is how many changes of rooms wait to be told.
const maxRoomEvents = 65_536

// OnRoom adds a function that is told how sockets come into rooms and leave them, on a goroutine, one change after the
// other. At most 65,536 changes wait for it; what is above that is not told, and logged.
func (n *Namespace) OnRoom(f func(RoomEvent)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.watch == nil {
		n.watch = &watch{}
	}
	n.watch.all = append(n.watch.all[:len(n.watch.all):len(n.watch.all)], f)
}

// enter puts a socket into a room's list. mu is held.
func (n *Namespace) enter(s *Socket, room string) {
	if n.rooms[room] == nil {
		n.rooms[room] = make(map[*Socket]struct{})
		n.note(RoomCreated, room, nil)
	}
	n.rooms[room][s] = struct{}{}
	n.note(RoomJoined, room, s)
}

// leave takes a socket out of a room's list. mu is held.
func (n *Namespace) leave(s *Socket, room string) {
	if _, in := n.rooms[room][s]; !in {
		return
	}
	delete(n.rooms[room], s)
	n.note(RoomLeft, room, s)
	if len(n.rooms[room]) == 0 {
		delete(n.rooms, room)
		n.note(RoomDeleted, room, nil)
	}
}

// note keeps a change for announce. mu is held.
func (n *Namespace) note(k RoomEventKind, room string, s *Socket) {
	w := n.watch
	switch {
	case w == nil:
	case len(w.waiting) >= maxRoomEvents:
		w.missed++
	default:
		w.waiting = append(w.waiting, RoomEvent{k, room, s})
	}
}

// announce has the changes told. No lock is held.
func (n *Namespace) announce() {
	n.mu.Lock()
	w := n.watch
	start := w != nil && len(w.waiting) > 0 && !w.telling
	if start {
		w.telling = true
	}
	n.mu.Unlock()
	if start {
		n.server.spawn(func() { w.tell(n) })
	}
}

func (w *watch) tell(n *Namespace) {
	for {
		n.mu.Lock()
		waiting, all, missed := w.waiting, w.all, w.missed
		w.waiting, w.missed = nil, 0
		w.telling = len(waiting) > 0
		n.mu.Unlock()
		if missed > 0 {
			n.server.options.Log.Error("socket.io: changes of rooms are not told", "namespace", n.name, "changes", missed)
		}
		if len(waiting) == 0 {
			return
		}
		for _, e := range waiting {
			for _, f := range all {
				f(e)
			}
		}
	}
}
