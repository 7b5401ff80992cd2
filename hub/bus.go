package hub

// Bus carries wake-ups between the nodes that share a store. It may lose and repeat: the log is in
// the store, and what is missed is read there. bustest is the suite that every driver passes.
type Bus interface {
	// Publish tells the other nodes. It never blocks.
	Publish(n Notice)
	// Subscribe calls f for what other nodes publish, until cancel. f must return quickly.
	Subscribe(f func(Notice)) (cancel func())
}

// Notice is one thing that nodes tell each other about a room. Exactly one field beside Node and
// Room is set.
type Notice struct {
	Node    string // who says it; a node ignores its own
	Room    string
	Head    uint64 // the log has grown to here
	Signal  *Signal
	Receipt *Receipt
}
