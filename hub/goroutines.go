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

// timer is one call of later that has not come due.
type timer struct{ *time.Timer }

// later runs f after d, unless it is cancelled or the hub is closed by then.
func (h *Hub) later(d time.Duration, f func()) (cancel func()) {
	t := new(timer)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return func() {}
	}
	h.timers[t] = struct{}{}
	t.Timer = time.AfterFunc(d, func() {
		if h.due(t) {
			defer h.goroutines.Done()
			f()
		}
	})
	return func() { h.forget(t) }
}

// due takes a timer that fired out of the set, and reports whether it is still to be obeyed.
func (h *Hub) due(t *timer) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, due := h.timers[t]
	delete(h.timers, t)
	if due {
		h.goroutines.Add(1)
	}
	return due
}

func (h *Hub) forget(t *timer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t.Stop()
	delete(h.timers, t)
}

// readContext bounds one read of the store.
func (h *Hub) readContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(h.ctx, readTimeout)
}

const readTimeout = 10 * time.Second
