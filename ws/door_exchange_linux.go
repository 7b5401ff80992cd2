package ws

import (
	"net/http"
	"sync"
	"time"
)

// exchange is a plain request at a door and its answer, for as long as that takes: a Deferred. The guest is not
// heard meanwhile; what it sends waits in the kernel.
type exchange struct {
	reply
	door     *door
	guest    *guest // its fd, peer and local are immutable; the rest is the reception's
	out      outlet
	deferred bool   // the handler's return is not the end
	again    bool   // the connection serves on; written before settle
	unread   []byte // net/http is to read this; written before settle; nil: the request was answered

	mu   sync.Mutex // guards what follows
	done bool
	gone bool // the client is
	told func()
	room chan struct{} // holds one word for who waits to send; nil: nobody has
	by   time.Time     // until when that may last; zero: as long as the door allows
}

var _ Deferred = (*exchange)(nil)

func newExchange(d *door, g *guest) *exchange {
	x := &exchange{door: d, guest: g}
	x.out.exchange = x
	x.reply = reply{to: &x.out, header: make(http.Header, 8)}
	return x
}

func (x *exchange) OnLeave(f func()) {
	x.mu.Lock()
	x.told = f
	gone := x.gone
	x.mu.Unlock()
	if gone {
		f()
	}
}

// leave is told that the client is gone, any number of times.
func (x *exchange) leave() {
	x.mu.Lock()
	told := x.told
	if x.gone || x.done {
		told = nil
	}
	x.gone = true
	x.nudge()
	x.mu.Unlock()
	if told != nil {
		told()
	}
}

// hear is told that there may be room to send, or that the client is gone.
func (x *exchange) hear(gone bool) {
	if gone {
		x.leave()
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.nudge()
}

func (x *exchange) Done() {
	if x.end() {
		x.again = x.finish() // also to one who is gone: it may have ended its direction alone
		x.door.settle(x)
	}
}

// drop ends the exchange and the connection with it.
func (x *exchange) drop() {
	if x.end() {
		x.out.rest, x.err = nil, http.ErrAbortHandler
		x.door.settle(x)
	}
}

// decline leaves the request to net/http.
func (x *exchange) decline(text string) {
	x.end()
	x.unread = []byte(text)
	x.door.settle(x)
}

func (x *exchange) end() (first bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	first, x.done = !x.done, true
	return first
}
