package ws

import (
	"context"
	"encoding/binary"
	"sync"
)

// pings are those that Ping waits for.
type pings struct {
	mu sync.Mutex
	// guarded by mu
	last    uint64
	waiting map[uint64]chan struct{}
}

// Ping sends a ping and waits for its pong. In the pull form a Read must be pending meanwhile, else
// nobody sees the pong.
func (c *Conn) Ping(ctx context.Context) error {
	id, answered := c.pings.open()
	defer c.pings.forget(id)
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

func (p *pings) open() (uint64, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[uint64]chan struct{}{}
	}
	p.last++
	ch := make(chan struct{})
	p.waiting[p.last] = ch
	return p.last, ch
}

func (p *pings) forget(id uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, id)
}

// answered is told of each pong; one that was not asked for means nothing (RFC 6455, section 5.5.3).
func (p *pings) answered(payload []byte) {
	if len(payload) != 8 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
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
