package ws

import (
	"errors"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// outlet is where the answer of an exchange leaves. As long as its handler runs it waits for the client, up to a
// deadline; the sender of a deferred answer does not, and what the client does not take at once is kept.
type outlet struct {
	exchange *exchange
	rest     []byte
	waited   bool // epoll tells of room
}

// maxUnsent is how many bytes of a deferred answer may wait for the client to take them.
const maxUnsent = 4 << 20

var errUnsent = errors.New("ws: too large an answer for a client that does not take it")

func (o *outlet) Write(p []byte) (n int, err error) {
	for len(o.rest) == 0 && n < len(p) {
		m, err := sendNow(uintptr(o.exchange.guest.fd), p[n:])
		if n += m; err == nil {
			continue
		}
		if err != unix.EAGAIN {
			return n, os.NewSyscallError("write", err)
		}
		if o.exchange.deferred {
			break
		}
		if err := o.wait(); err != nil {
			return n, err
		}
	}
	if len(o.rest)+len(p)-n > maxUnsent {
		return n, errUnsent
	}
	o.rest = append(o.rest, p[n:]...)
	return len(p), nil
}

// wait waits until there may be room to send.
func (o *outlet) wait() error {
	x := o.exchange
	x.mu.Lock()
	if x.room == nil {
		x.room = make(chan struct{}, 1)
	}
	room, gone, patience := x.room, x.gone, x.door.writing
	if !x.by.IsZero() {
		patience = time.Until(x.by)
	}
	x.mu.Unlock()
	if gone {
		return net.ErrClosed
	}
	if patience <= 0 {
		return os.ErrDeadlineExceeded
	}
	if !o.waited {
		if err := x.door.epoll.watchBoth(x.guest.fd, int32(x.guest.fd)); err != nil {
			return err
		}
		o.waited = true
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-room: // or another deadline
		return nil
	case <-late.C:
		return os.ErrDeadlineExceeded
	}
}

// nudge has who waits to send look again. x.mu is held.
func (x *exchange) nudge() {
	select {
	case x.room <- struct{}{}:
	default:
	}
}

// SetWriteDeadline also ends a wait that is under way.
func (o *outlet) SetWriteDeadline(t time.Time) error {
	o.exchange.mu.Lock()
	defer o.exchange.mu.Unlock()
	o.exchange.by = t
	o.exchange.nudge()
	return nil
}

// SetReadDeadline does nothing: a request has no more to be read.
func (o *outlet) SetReadDeadline(time.Time) error { return nil }
