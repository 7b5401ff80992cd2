package ws

import (
	"bytes"
	"context"
	"encoding/binary"
)

// Read waits for the next message. The bytes belong to the caller. Pings are answered, and the
// peer's close frame too, while a Read is pending: keep one pending.
//
// If the context ends first, its error is returned and the connection lives on. Every other error is
// final: *CloseError, *ProtocolError, *TooBigError, *TimeoutError or ErrClosed. Concurrent calls take
// turns.
func (c *Conn) Read(ctx context.Context) (MessageType, []byte, error) {
	if c.flags.Load()&started != 0 {
		return 0, nil, ErrPushForm
	}
	w := c.beStream()
	if w == nil || !w.reading.try() && !w.reading.take(ctx.Done(), c.Done()) {
		return 0, nil, c.reasonOr(ctx.Err())
	}
	defer w.reading.give()
	ev, err := c.nextMessage(ctx, w)
	if err != nil {
		return 0, nil, err
	}
	if ev.buf == nil {
		ev.data = bytes.Clone(ev.data)
	}
	return MessageType(ev.op), ev.data, nil
}

// nextMessage reads up to a message and obeys the control frames before it.
func (c *Conn) nextMessage(ctx context.Context, w *stream) (event, error) {
	for {
		if err := c.end.reason(); err != nil {
			return event{}, err
		}
		if len(c.in.rest) == 0 {
			if err := c.fillUntil(ctx, w); err != nil {
				if err == ctx.Err() {
					return event{}, err
				}
				c.lost(err)
				continue
			}
		}
		var ev event
		var ok bool
		var err error
		c.in.rest, ev, ok, err = c.in.parser.feed(c.in.rest)
		if ok && !ev.op.control() {
			return ev, nil
		}
		if ok {
			err = c.obey(ev)
		}
		if err != nil {
			c.part(w, err)
		}
	}
}

// obey does what a control frame asks for. It returns the peer's close as an error.
func (c *Conn) obey(ev event) error {
	switch ev.op {
	case opPing:
		c.pong(ev.data)
	case opPong:
		c.ponged(ev.data)
	case opClose:
		return closeErrorOf(ev.data)
	}
	return nil
}

// closeErrorOf reads a close frame's payload, which the parser has checked.
func closeErrorOf(payload []byte) *CloseError {
	if len(payload) == 0 {
		return &CloseError{Code: StatusNoStatus}
	}
	return &CloseError{Code: StatusCode(binary.BigEndian.Uint16(payload)), Reason: string(payload[2:])}
}
