package ws

import (
	"context"
	"encoding/binary"
)

// pings are those that Ping waits for. end.mu guards them.
type pings struct {
	last    uint64
	waiting map[uint64]chan struct{}
}

// Ping sends a ping and waits for its pong. In the pull form a Read must be pending meanwhile, else
// nobody sees the pong.
func (c *Conn) Ping(ctx context.Context) error {
	id, answered := c.openPing()
	defer c.forgetPing(id)
	if !c.out.control(opPing, binary.BigEndian.AppendUint64(nil, id)) {
		return c.reasonOr(ErrClosed)
	}
	c.schedule(0)
	select {
	case <-answered:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.Done():
		return c.end.reason()
	}
}

func (c *Conn) openPing() (uint64, <-chan struct{}) {
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	p := &c.besides().pings
	if p.waiting == nil {
		p.waiting = map[uint64]chan struct{}{}
	}
	p.last++
	ch := make(chan struct{})
	p.waiting[p.last] = ch
	return p.last, ch
}

func (c *Conn) forgetPing(id uint64) {
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	delete(c.besides().pings.waiting, id)
}

// ponged is told of each pong; one that was not asked for means nothing (RFC 6455, section 5.5.3).
func (c *Conn) ponged(payload []byte) {
	if len(payload) != 8 {
		return
	}
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	if c.end.aside == nil {
		return
	}
	p := &c.end.aside.pings
	id := binary.BigEndian.Uint64(payload)
	if ch := p.waiting[id]; ch != nil {
		close(ch)
		delete(p.waiting, id)
	}
}

// pong answers a ping.
func (c *Conn) pong(payload []byte) {
	c.out.answer(payload)
	c.schedule(0)
}
