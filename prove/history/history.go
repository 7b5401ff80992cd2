// Package history judges a room by what its clients saw: who sent what and was told what, what the
// log holds in the end, and what each reader got in which order. It knows no protocol; those who
// talked to the server write down a [History] and call [History.Check].
package history

// Entry is a message as a log or a reader has it. Sender and CID may be unknown to a reader: they
// are compared where both sides have them. Bodies are unique in a history.
type Entry struct {
	Seq    uint64
	Sender string
	CID    string
	Body   string
}

// Send is a message that a client tried to have stored, however often it had to repeat it.
type Send struct {
	Sender string
	CID    string
	Body   string
	Seq    uint64 // what the server acknowledged; 0 if it never did
	Late   bool   // it was, or may have been, refused and said again after others: its place in the order is free
}

// Read is what one reader was given, in the order of its arrival: everything after seq After up to
// the end of the log.
type Read struct {
	Reader  string
	After   uint64
	Entries []Entry
}

// History is all that is known about one room.
type History struct {
	Sends []Send // each sender's in the order in which it first sent them
	Log   []Entry
	Reads []Read
}
