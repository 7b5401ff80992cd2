package ws

import (
	"sync"
	"sync/atomic"
)

// pause holds the reading goroutine, or the loop.
type pause struct {
	on atomic.Bool // written under mu

	mu   sync.Mutex
	over latch // the end of the pause; guarded by mu
}

// Pause stops reading in the push form: Message is not called until Resume, apart from one call that
// may be under way, and TCP makes the peer wait. Pings are not answered meanwhile, and the peer's end
// is not noticed.
func (c *Conn) Pause() {
	p := &c.pause
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.on.Load() || c.flags.Load()&over != 0 {
		return
	}
	p.over = latch{}
	p.on.Store(true)
}

// Resume ends a Pause.
func (c *Conn) Resume() {
	p := &c.pause
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.on.Load() {
		p.on.Store(false)
		p.over.happen()
		if c.flags.Load()&looped != 0 {
			c.seat.summon()
		}
	}
}

// wait waits for the end of a pause, or for done.
func (p *pause) wait(done <-chan struct{}) {
	p.mu.Lock()
	over := p.over.wait()
	p.mu.Unlock()
	select {
	case <-over:
	case <-done:
	}
}
