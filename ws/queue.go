package ws

import (
	"errors"
	"sync"
)

// outbound is the writing half: what waits to be sent, and whose turn it is to write.
type outbound struct {
	turn turn // held by who writes to the connection, or calls Drain
	side Side // immutable

	mu sync.Mutex
	// guarded by mu
	deflate   *deflater  // nil unless permessage-deflate was negotiated; the pointer is immutable
	queue     *buffer    // frames in order; nil if there are none
	taken     int        // bytes that the holder of turn has taken and not yet written
	pong      *buffer    // answers the latest ping; nil: none is due
	last      *buffer    // the close frame, until it is taken
	closing   bool       // a close frame was queued, or the connection is over: nothing more may be
	parted    bool       // the close frame was taken
	left      latch      // the close frame has left
	departure *departure // loop mode: what a Write waits for; nil if there is none
}

var errType = errors.New("ws: the type of a message is Text or Binary")

// message queues a message, unless more than limit bytes would wait then.
func (o *outbound) message(typ MessageType, data []byte, limit int) error {
	if typ != Text && typ != Binary {
		return errType
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing {
		return ErrClosed
	}
	if o.waiting()+len(data)+maxHeader > limit {
		return ErrSendBuffer
	}
	b := o.open()
	if d := o.deflate; d != nil && len(data) >= d.threshold && o.compressed(b, typ, data) {
		return nil
	}
	b.b = appendFrame(b.b, o.side, opcode(typ), false, data)
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
	o.closing = true
	o.last = newBuffer()
	o.last.b = appendFrame(o.last.b, o.side, opClose, false, payload)
	return true
}

// end drops what waits: the connection is over.
func (o *outbound) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closing = true
	for _, b := range []**buffer{&o.queue, &o.pong, &o.last} {
		(*b).free()
		*b = nil
	}
}

// take gives all that waits to the holder of turn, nil if that is nothing.
func (o *outbound) take() *buffer {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pong != nil {
		if !o.parted {
			b := o.open()
			b.b = appendFrame(b.b, o.side, opPong, false, o.pong.b)
		}
		o.pong.free()
		o.pong = nil
	}
	if o.last != nil {
		b := o.open()
		b.b = append(b.b, o.last.b...)
		o.last.free()
		o.last, o.parted = nil, true
	}
	b := o.queue
	o.queue = nil
	if b != nil {
		o.taken = len(b.b)
	}
	return b
}

// wrote is told by the holder of turn, or by the loop, what it has written. It reports whether the
// close frame has left with that.
func (o *outbound) wrote(n int) (left bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taken -= n
	o.departed(n)
	left = o.parted && o.taken == 0 && n > 0
	if left {
		o.left.happen()
	}
	return left
}

// gone is closed when the close frame has left.
func (o *outbound) gone() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.left.wait()
}

// open returns the queue to append to. mu is held.
func (o *outbound) open() *buffer {
	if o.queue == nil {
		o.queue = newBuffer()
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
