package ws

import "sync"

// Prepared is a message that is framed once, and compressed once, for many connections.
type Prepared struct {
	typ     MessageType
	plain   *buffer // shared: the frame as a server sends it, not compressed
	payload []byte  // the end of plain

	once     sync.Once
	deflated *buffer // shared: the frame compressed for a window of maxWindow; nil if that is not shorter
}

// NewPrepared frames a message. It copies data.
func NewPrepared(typ MessageType, data []byte) *Prepared {
	frame := appendFrame(make([]byte, 0, maxHeader+len(data)), Server, opcode(typ), false, data)
	return &Prepared{typ: typ, plain: &buffer{b: frame, shared: true}, payload: frame[len(frame)-len(data):]}
}

// compressed is the message by itself, without reference to others: this fits connections with and
// without context takeover, if their window is not limited.
func (p *Prepared) compressed() *buffer {
	p.once.Do(func() {
		tmp := newBuffer()
		defer tmp.free()
		alone := deflater{window: maxWindow}
		if alone.message(tmp, p.payload); len(tmp.b) < len(p.payload) {
			p.deflated = &buffer{b: appendFrame(nil, Server, opcode(p.typ), true, tmp.b), shared: true}
		}
	})
	return p.deflated
}

// prepared queues p, unless more than limit bytes would wait then.
func (o *outbound) prepared(p *Prepared, limit int) error {
	if o.side == Client || p.typ != Text && p.typ != Binary {
		return o.message(p.typ, p.payload, limit) // each client's frame has its own mask
	}
	frame := p.plain
	if d := o.deflate; d != nil && len(p.payload) >= d.threshold {
		if d.window < min(maxWindow, len(p.payload)) {
			return o.message(p.typ, p.payload, limit)
		}
		if z := p.compressed(); z != nil {
			frame = z
		}
	}
	o.mu.Lock()
	err := o.room(len(frame.b), limit)
	switch {
	case err != nil:
	case o.queue == nil && o.pong == nil:
		o.queue = frame // what waits alone is not copied
	default:
		b := o.open()
		b.b = append(b.b, frame.b...)
	}
	if err == nil && frame != p.plain {
		o.deflate.remember(p.payload)
	}
	o.mu.Unlock()
	return err
}
