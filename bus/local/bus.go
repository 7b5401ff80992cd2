package local

import (
	"context"
	"fmt"
	"sync"

	"github.com/vechehq/veche/hub"
)

// Options are the bounds of what waits for one subscriber. The zero value is sensible.
type Options struct {
	// Signals bounds all but wake-ups: signals, receipts, presence, ends of sessions; above it they are dropped. Default 1,024.
	Signals int

	// Rooms bounds wake-ups: of each room and node one waits, with the highest head, so that
	// however slow a subscriber is, it hears of every room. Above it a room's wake-up is dropped,
	// and its next message is the next one. Default 65,536.
	Rooms int
}

// Bus is a hub.Bus within one process. It is safe for concurrent use.
type Bus struct {
	options    Options
	goroutines sync.WaitGroup // of subscribers

	mu          sync.RWMutex // guards what follows
	subscribers map[*subscriber]struct{}
	closed      bool
}

var _ hub.Bus = (*Bus)(nil)

// New returns a bus without subscribers. nil options are the defaults.
func New(o *Options) *Bus {
	b := &Bus{subscribers: make(map[*subscriber]struct{})}
	if o != nil {
		b.options = *o
	}
	if b.options.Signals <= 0 {
		b.options.Signals = 1024
	}
	if b.options.Rooms <= 0 {
		b.options.Rooms = 65536
	}
	return b
}

// Publish gives n to every subscriber, within the bounds of Options; also to the publishing node's
// own, which knows it by Notice.Node. After Close it does nothing.
func (b *Bus) Publish(n hub.Notice) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return
	}
	for s := range b.subscribers {
		s.put(n)
	}
}

// Subscribe calls f, one call at a time, with what is published until cancel. What is published after
// cancel has returned is not told; a call that has begun may still run. f may call the bus.
func (b *Bus) Subscribe(f func(hub.Notice)) (cancel func()) {
	s := &subscriber{bus: b, f: f, heads: make(map[headKey]int)}
	b.mu.Lock()
	b.subscribers[s] = struct{}{}
	b.mu.Unlock()
	return func() {
		b.mu.Lock()
		delete(b.subscribers, s)
		b.mu.Unlock()
		s.clear()
	}
}

// Close ends the bus and waits until what was published is told, or until ctx ends.
func (b *Bus) Close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	idle := make(chan struct{})
	go func() {
		b.goroutines.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("local bus: close: a subscriber does not return: %w", context.Cause(ctx))
	}
}
