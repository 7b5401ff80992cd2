package hub

import (
	"context"
	"time"
)

// spawn runs f in a goroutine that Close waits for. It reports false, and runs nothing, once Close
// has begun to wait.
func (h *Hub) spawn(f func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return false
	}
	h.goroutines.Go(f)
	return true
}

// later runs f after d, unless the hub is closed by then.
func (h *Hub) later(d time.Duration, f func()) (cancel func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return func() {}
	}
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		if h.expired(t) {
			defer h.goroutines.Done()
			f()
		}
	})
	h.timers[t] = struct{}{}
	return func() { h.forget(t) }
}

// expired takes a timer that fired out of the set, and reports whether it is still to be obeyed.
func (h *Hub) expired(t *time.Timer) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, due := h.timers[t]
	delete(h.timers, t)
	if due {
		h.goroutines.Add(1)
	}
	return due
}

func (h *Hub) forget(t *time.Timer) {
	t.Stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.timers, t)
}

// readContext bounds one read of the store.
func (h *Hub) readContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(h.ctx, readTimeout)
}

const readTimeout = 10 * time.Second
