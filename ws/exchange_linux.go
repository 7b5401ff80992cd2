package ws

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sys/unix"
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
}

var _ Deferred = (*exchange)(nil)

func newExchange(d *door, g *guest) *exchange {
	x := &exchange{door: d, guest: g, out: outlet{fd: g.fd}}
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
	x.mu.Unlock()
	if told != nil {
		told()
	}
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

// maxUnsent is how many bytes of an answer may wait for the client to take them.
const maxUnsent = 4 << 20

var errUnsent = errors.New("ws: too large an answer for a client that does not take it")

// outlet sends without waiting. What the client does not take at once is kept.
type outlet struct {
	fd   int
	rest []byte
}

func (o *outlet) Write(p []byte) (int, error) {
	sent := 0
	if len(o.rest) == 0 {
		n, err := sendNow(uintptr(o.fd), p)
		if err != nil && err != unix.EAGAIN {
			return n, err
		}
		sent = n
	}
	if len(o.rest)+len(p)-sent > maxUnsent {
		return sent, errUnsent
	}
	o.rest = append(o.rest, p[sent:]...)
	return len(p), nil
}

// The door has deadlines of its own.

func (o *outlet) SetReadDeadline(time.Time) error  { return nil }
func (o *outlet) SetWriteDeadline(time.Time) error { return nil }
