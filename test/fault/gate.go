// Gate: clients wait here for the next start of the server.

package fault

import (
	"context"
	"sync"
)

// gate counts the server's starts. The zero value is at start 0.
type gate struct {
	mu     sync.Mutex
	starts int
	opened chan struct{} // closed at the next start
}

// open says that the server was started once more.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.starts++
	if g.opened != nil {
		close(g.opened)
		g.opened = nil
	}
}

// after waits until there was a start after the one given, and returns the latest.
func (g *gate) after(ctx context.Context, start int) (int, error) {
	for {
		g.mu.Lock()
		starts := g.starts
		if g.opened == nil {
			g.opened = make(chan struct{})
		}
		opened := g.opened
		g.mu.Unlock()
		if starts > start {
			return starts, nil
		}
		select {
		case <-opened:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
