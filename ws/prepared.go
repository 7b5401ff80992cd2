package ws

import "sync"

// Prepared is a message that is framed once, and compressed once, for many connections.
type Prepared struct {
	typ     MessageType
	frame   []byte // as a server sends it, not compressed
	payload []byte // the end of frame

	once     sync.Once
	deflated []byte // as a server sends it, compressed for a window of maxWindow; nil if that is not shorter
}

// NewPrepared frames a message. It copies data.
func NewPrepared(typ MessageType, data []byte) *Prepared {
	p := &Prepared{typ: typ, frame: appendFrame(make([]byte, 0, maxHeader+len(data)), Server, opcode(typ), false, data)}
	p.payload = p.frame[len(p.frame)-len(data):]
	return p
}

// compressed is the message by itself, without reference to others: this fits connections with and
// without context takeover, if their window is not limited.
func (p *Prepared) compressed() []byte {
	p.once.Do(func() {
		tmp := newBuffer()
		defer tmp.free()
		alone := deflater{window: maxWindow}
		if alone.message(tmp, p.payload); len(tmp.b) < len(p.payload) {
			p.deflated = appendFrame(nil, Server, opcode(p.typ), true, tmp.b)
		}
	})
	return p.deflated
}

// prepared queues p, unless more than limit bytes would wait then.
func (o *outbound) prepared(p *Prepared, limit int) error {
	if o.side == Client || p.typ != Text && p.typ != Binary {
		return o.message(p.typ, p.payload, limit) // each client's frame has its own mask
	}
	frame := p.frame
	if d := o.deflate; d != nil && len(p.payload) >= d.threshold {
		if d.window < maxWindow {
			return o.message(p.typ, p.payload, limit)
		}
		if z := p.compressed(); z != nil {
			frame = z
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing {
		return ErrClosed
	}
	if o.waiting()+len(frame) > limit {
		return ErrSendBuffer
	}
	b := o.open()
	b.b = append(b.b, frame...)
	if len(frame) != len(p.frame) {
		o.deflate.remember(p.payload)
	}
	return nil
}
