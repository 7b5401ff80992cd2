package ws

import (
	"errors"
	"sync"
)

// outbound is the writing half: what waits to be sent.
type outbound struct {
	mu sync.Mutex
	// guarded by mu
	deflate   *deflater  // nil unless permessage-deflate was negotiated; the pointer is immutable
	queue     *buffer    // frames in order; nil if there are none
	taken     int        // bytes that who writes has taken and not yet written
	pong      *buffer    // answers the latest ping; nil: none is due
	departure *departure // what somebody waits for; nil if nobody does
	side      Side       // immutable
	closing   bool       // a close frame was queued, or the connection is over: nothing more may be
	last      bool       // the queue ends with the close frame
	parted    bool       // the close frame was taken
}

var errType = errors.New("ws: the type of a message is Text or Binary")

// message queues a message, unless more than limit bytes would wait then.
func (o *outbound) message(typ MessageType, data []byte, limit int) error {
	if typ != Text && typ != Binary {
		return errType
	}
	if d := o.deflate; d != nil && len(data) >= d.threshold {
		return o.deflatedMessage(typ, data, limit)
	}
	o.mu.Lock() // and not by defer, which is a tenth of what this costs
	err := o.room(len(data)+maxHeader, limit)
	if err == nil {
		b := o.open()
		b.reserve(maxHeader + len(data))
		b.b = appendFrame(b.b, o.side, opcode(typ), false, data)
	}
	o.mu.Unlock()
	return err
}

// deflatedMessage is message for one that may be compressed.
func (o *outbound) deflatedMessage(typ MessageType, data []byte, limit int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.room(len(data)+maxHeader, limit); err != nil {
		return err
	}
	b := o.open()
	if !o.compressed(b, typ, data) {
		b.b = appendFrame(b.b, o.side, opcode(typ), false, data)
	}
	return nil
}

// room says whether n bytes more may wait. mu is held.
func (o *outbound) room(n, limit int) error {
	switch {
	case o.closing:
		return ErrClosed
	case o.waiting()+n > limit:
		return ErrSendBuffer
	}
	return nil
}

// compressed appends data as a compressed frame if that is shorter.
func (o *outbound) compressed(b *buffer, typ MessageType, data []byte) bool {
	tmp := newBuffer()
	defer tmp.free()
	o.deflate.message(tmp, data)
	if len(tmp.b) >= len(data) {
		return false
	}
	o.deflate.remember(data)
	b.b = appendFrame(b.b, o.side, opcode(typ), true, tmp.b)
	return true
}

// control queues a ping, beyond any limit: whoever calls it has few of them under way.
func (o *outbound) control(op opcode, payload []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing {
		return false
	}
	b := o.open()
	b.b = appendFrame(b.b, o.side, op, false, payload)
	return true
}

// pongBacklog is how many bytes may wait for a pong to be queued behind them.
const pongBacklog = 16 << 10

// answer queues a pong. Behind a backlog only the latest ping is answered, so a flood of pings takes
// no memory: "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response to
// previous Ping frame(s), the endpoint MAY elect to send a Pong frame for only the most recently
// processed Ping frame" (RFC 6455, section 5.5.3).
func (o *outbound) answer(payload []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closing:
	case o.pong != nil || o.waiting() > pongBacklog:
		if o.pong == nil {
			o.pong = newBuffer()
		}
		o.pong.b = append(o.pong.b[:0], payload...)
	default:
		b := o.open()
		b.b = appendFrame(b.b, o.side, opPong, false, payload)
	}
}

// close queues the close frame. It reports false if there was one already.
func (o *outbound) close(payload []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing {
		return false
	}
	o.flushPong()
	o.closing, o.last = true, true
	b := o.open()
	b.b = appendFrame(b.b, o.side, opClose, false, payload)
	return true
}

// end drops what waits: the connection is over.
func (o *outbound) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closing, o.last = true, false
	o.queue.free()
	o.pong.free()
	o.queue, o.pong = nil, nil
}

// take gives all that waits to who writes, nil if that is nothing.
func (o *outbound) take() *buffer {
	o.mu.Lock()
	o.flushPong()
	b := o.queue
	o.queue = nil
	if b != nil {
		o.taken = len(b.b)
		o.parted = o.parted || o.last
	}
	o.mu.Unlock()
	return b
}

// flushPong queues the pong that is due. mu is held.
func (o *outbound) flushPong() {
	if o.pong == nil {
		return
	}
	b := o.open()
	b.b = appendFrame(b.b, o.side, opPong, false, o.pong.b)
	o.pong.free()
	o.pong = nil
}

// wrote is told by who writes what it has written. It reports whether the close frame has left with
// that.
func (o *outbound) wrote(n int) (left bool) {
	o.mu.Lock()
	o.taken -= n
	if o.departure != nil {
		o.departed(n)
	}
	left = o.parted && o.taken == 0 && n > 0
	o.mu.Unlock()
	return left
}

// open returns the queue to append to. mu is held.
func (o *outbound) open() *buffer {
	switch {
	case o.queue == nil:
		o.queue = newBuffer()
	case o.queue.shared:
		own := newBuffer()
		own.b = append(own.b, o.queue.b...)
		o.queue = own
	}
	return o.queue
}

// waiting is how many bytes wait. mu is held.
func (o *outbound) waiting() int {
	n := o.taken
	if o.queue != nil {
		n += len(o.queue.b)
	}
	return n
}
