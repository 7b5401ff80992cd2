// Outbox: what waits for the next POST.

package doors

import "sync"

// What goes in one POST. The server takes 256 objects and 1 MiB by /send, 1,000,000 bytes by Socket.IO.
const (
	postMost  = 128
	postBytes = 700 << 10
)

// outbox is bounded by whoever says things: each of our users has so many requests under way and no more.
type outbox struct {
	mu    sync.Mutex
	queue [][]byte      // guarded by mu
	more  chan struct{} // has room for one
}

func newOutbox() *outbox { return &outbox{more: make(chan struct{}, 1)} }

func (o *outbox) put(texts ...[]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = append(o.queue, texts...)
	o.signal()
}

func (o *outbox) signal() {
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// take returns what goes in one POST, one text at least if there is any.
func (o *outbox) take() [][]byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, bytes := 0, 0
	for n < min(len(o.queue), postMost) && (n == 0 || bytes+len(o.queue[n]) <= postBytes) {
		bytes += len(o.queue[n])
		n++
	}
	texts := o.queue[:n:n]
	if o.queue = o.queue[n:]; len(o.queue) > 0 {
		o.signal()
	}
	return texts
}
