// Pipe: the seam between the client and what carries its objects.

package client

import (
	"context"

	"github.com/vechehq/veche/wire/native"
)

// dialer opens pipes. It holds no state of a connection.
type dialer interface {
	// dial opens a pipe; ctx is for the opening only.
	dial(ctx context.Context, h pipeHandler) (pipe, error)
}

// pipe carries whole objects, in order both ways.
type pipe interface {
	// send queues a request and never blocks. An error is the end of the pipe.
	send(r native.Request) error
	// full reports whether so much waits to leave that nothing should be added that can wait; when it
	// has left, the handler's drained is called.
	full() bool
	// close ends it, gently or at once.
	close(gently bool)
	// done is closed after the handler's last call.
	done() <-chan struct{}
}

// pipeHandler is whoever opened the pipe. One call at a time, but for drained.
type pipeHandler interface {
	received(e native.Event)
	drained()
	closed(err error) // once, last
}
