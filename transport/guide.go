package transport

import "time"

// Guide is a Pipe whose client comes back by itself, again and again: an EventSource, a poll. It does
// for its session what a connection that stays does not need. Its methods, like a pipe's, never block
// and never call the session back.
type Guide interface {
	Pipe
	// Mark says where a client goes on that has what is sent next, and all before it: where appends
	// that. It may be called until the next Mark, and must not block.
	Mark(where func([]byte) []byte)
	// Ripe says that what was sent is worth an answer to a client that waits for one.
	Ripe()
	// Retry says when the client is to come back after the end; 0 for as it likes, less than 0 for
	// not at all.
	Retry(after time.Duration)
	// Part says that the session wants to end. A pipe whose client is away drains it all the same.
	Part()
}
