package memory

// list is a ring of rooms through their own links. The zero link stands for both ends.
type list struct{ root room }

func (l *list) init() {
	l.root.next, l.root.prev = &l.root, &l.root
}

func (l *list) first() *room { return l.root.next }

func (l *list) push(r *room) {
	last := l.root.prev
	last.next, r.prev = r, last
	r.next, l.root.prev = &l.root, r
}

func (l *list) remove(r *room) {
	r.prev.next, r.next.prev = r.next, r.prev
	r.next, r.prev = nil, nil
}
