package hub

import "sync"

// pool runs reads of the store, a few at a time. Its queue needs no bound of its own: each session
// has at most Limits.Unanswered requests, and each member one page, under way.
type pool struct {
	spawn func(func()) bool
	limit int

	mu      sync.Mutex
	queue   []func()
	workers int
}

func (p *pool) run(f func()) {
	p.mu.Lock()
	p.queue = append(p.queue, f)
	start := p.workers < p.limit
	if start {
		p.workers++
	}
	p.mu.Unlock()
	if start {
		p.spawn(p.work)
	}
}

func (p *pool) work() {
	for {
		p.mu.Lock()
		if len(p.queue) == 0 {
			p.workers--
			p.queue = nil
			p.mu.Unlock()
			return
		}
		f := p.queue[0]
		p.queue[0] = nil
		p.queue = p.queue[1:]
		p.mu.Unlock()
		f()
	}
}
