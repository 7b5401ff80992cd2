package ws

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
)

// PanicError says that a handler's function panicked. It was logged, and the connection was closed
// with StatusInternal; no other one noticed.
type PanicError struct {
	Value any    // what it panicked with; nil if it called runtime.Goexit
	Stack []byte // where
}

func (e *PanicError) Error() string { return fmt.Sprintf("ws: handler panicked: %v", e.Value) }

// panicked is told what a handler's function panicked with.
func (c *Conn) panicked(v any) {
	err := &PanicError{Value: v, Stack: debug.Stack()}
	log := c.o.Log
	if log == nil {
		log = slog.Default()
	}
	log.Error("WebSocket handler panicked", "remote", c.RemoteAddr(), "panic", v, "stack", string(err.Stack))
	c.end.blame(err)
	c.Shut(StatusInternal, "")
}

// consume delivers all that is whole in rest, until a pause.
func (c *Conn) consume() (err error) {
	returned := false
	defer func() {
		if !returned {
			v := recover()
			c.in.rest = slices.Clone(c.in.rest)
			c.flags.And(^uint32(corked))
			c.panicked(v)
		}
	}()
	err = c.deliverAll()
	returned = true
	return err
}

// callDrain calls the handler's Drain.
func (c *Conn) callDrain() (more bool) {
	returned := false
	defer func() {
		if !returned {
			v := recover()
			c.flags.And(^uint32(draining))
			c.panicked(v)
		}
	}()
	more = c.handler.(Drainer).Drain(c)
	returned = true
	return more
}

// closed calls the handler's Closed.
func (c *Conn) closed() {
	returned := false
	defer func() {
		if !returned {
			c.panicked(recover())
		}
	}()
	c.handler.Closed(c, c.end.reason())
	returned = true
}
