package hub

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// Bye is the cause that ends a session because the server goes away: come back, but after After, so
// that not everybody comes at once.
type Bye struct {
	After time.Duration
}

func (b *Bye) Error() string { return ErrDraining.Error() }

// Unwrap makes errors.Is(err, ErrDraining) hold.
func (b *Bye) Unwrap() error { return ErrDraining }

// Drain refuses new sessions, ends all there are with a *Bye whose After is random within spread,
// and waits until they have closed or ctx ends. Requests under way are still answered.
func (h *Hub) Drain(ctx context.Context, spread time.Duration) error {
	h.mu.Lock()
	first := !h.draining
	h.draining = true
	var all []*Session
	for _, s := range h.sessions {
		all = append(all, s)
	}
	if first && len(all) == 0 {
		close(h.empty)
	}
	h.mu.Unlock()
	for _, s := range all {
		s.sink.End(&Bye{After: rand.N(max(spread, 1))})
	}
	select {
	case <-h.empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends all sessions that are left, commits what was appended, closes the stores and waits for
// everything that the hub started. It returns when that is done, also when ctx ended, which only
// makes the stores give up sooner.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed, h.draining = true, true
	var all []*Session
	for _, s := range h.sessions {
		all = append(all, s)
	}
	for t := range h.timers {
		t.Stop()
	}
	clear(h.timers)
	h.mu.Unlock()

	for _, s := range all {
		s.sink.End(ErrDraining)
		s.Close(ErrDraining)
	}
	h.unbind()
	err := h.config.Store.Close(ctx)
	if h.config.Memory != nil {
		err = errors.Join(err, h.config.Memory.Close(ctx))
	}
	h.cancel()
	h.mu.Lock()
	h.stopped = true
	h.mu.Unlock()
	h.goroutines.Wait()
	return err
}
