package ws

// Bits of Conn.flags. Whoever sets dirty where neither dirty, corked nor draining was set has to see
// to a flush; who clears corked or gives the turn to write back looks whether one is due. So nothing is
// left lying.
const (
	dirty    = 1 << iota // something waits, or a Drain was asked for
	woken                // a Drain was asked for and has not begun
	corked               // the reader is in its turn and will flush at its end
	draining             // Drain is running, and what it sends will be taken after it
	started              // the connection has a handler
	drains               // its handler is a Drainer
	paused               // nothing is read; changed under end.mu
	over                 // a close frame was queued, or the connection has ended
	ended                // the connection has ended; set under end.mu
	released             // the connection beneath is closed; set under end.mu
	looped               // a loop does the reading and the writing; set under end.mu
	bare                 // it is a descriptor that nobody serves yet; changed under end.mu

	due = dirty | woken
)
