package veche

import (
	"context"
	"sync"

	"github.com/vechehq/veche/hub"
)

// lent is a store that others use too: closing it waits for what was appended here, and no more.
type lent struct {
	hub.Store

	mu       sync.Mutex // guards what follows
	underway int
	closed   bool
	idle     chan struct{} // closed when closed and nothing is under way
}

// lentKeeper is a lent store that keeps values too.
type lentKeeper struct {
	*lent
	hub.Keeper
}

// lend lends a store, with all that it can do.
func lend(s hub.Store) hub.Store {
	l := &lent{Store: s}
	if k, ok := s.(hub.Keeper); ok {
		return lentKeeper{l, k}
	}
	return l
}

// Append is the store's, until Close.
func (l *lent) Append(m *hub.Message, done func(m *hub.Message, dup bool, err error)) {
	l.mu.Lock()
	closed := l.closed
	if !closed {
		l.underway++
	}
	l.mu.Unlock()
	if closed {
		done(nil, false, hub.ErrUnavailable)
		return
	}
	l.Store.Append(m, func(m *hub.Message, dup bool, err error) {
		done(m, dup, err)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.underway--
		if l.closed && l.underway == 0 {
			close(l.idle)
		}
	})
}

// Close waits until what was appended is committed, or ctx ends. The hub calls it once.
func (l *lent) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	l.idle = make(chan struct{})
	if l.underway == 0 {
		close(l.idle)
	}
	l.mu.Unlock()
	select {
	case <-l.idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
