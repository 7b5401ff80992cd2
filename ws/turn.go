package ws

import "sync"

// turn is a mutex that one can stop waiting for.
type turn struct {
	mu    sync.Mutex
	held  bool
	freed chan struct{} // made by who waits, closed when the turn is given back
}

// try takes the turn if nobody has it.
func (t *turn) try() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held {
		return false
	}
	t.held = true
	return true
}

// take waits for the turn, until one of the channels is closed; either may be nil.
func (t *turn) take(stop, done <-chan struct{}) bool {
	for {
		t.mu.Lock()
		if !t.held {
			t.held = true
			t.mu.Unlock()
			return true
		}
		if t.freed == nil {
			t.freed = make(chan struct{})
		}
		freed := t.freed
		t.mu.Unlock()
		select {
		case <-freed:
		case <-stop:
			return false
		case <-done:
			return false
		}
	}
}

// give gives the turn back.
func (t *turn) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = false
	if t.freed != nil {
		close(t.freed)
		t.freed = nil
	}
}
