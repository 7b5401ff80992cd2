package ws

import (
	"cmp"
	"net/netip"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// reception is the part of a door where connections wait until their first request is there. Its
// goroutine owns it, from begin to Close.
type reception struct {
	epoll    *epoll
	listener int            // descriptor
	more     bool           // there may be more to accept
	fresh    []guest        // accepted in this round
	guests   map[int]*guest // those who have been waited for, by descriptor
	most     int            // how many guests there have been at a time
	spoken   guestQueue     // those of them who came with a part of their request
	silent   guestQueue     // those who came without a byte
	patience time.Duration  // how long a request's head may take
	waited   time.Duration  // how much of it a connection has had that comes without a byte
	limit    int            // bytes of it that are waited for
	lenient  bool           // who is late is net/http's to wait for, not closed

	shut    time.Time     // the kernel has refused to accept: not before this; zero: it has not
	backoff time.Duration // how long that lasts

	passed bool      // the epoll's deadline has come
	armed  time.Time // the epoll's deadline; zero: none
	buf    [16 << 10]byte
}

// guest is a connection whose first request is not there yet.
type guest struct {
	fd         int
	peer       netip.AddrPort
	by         time.Time   // when patience ends
	head       []byte      // what has come
	queue      *guestQueue // nil: it is not waited for
	prev, next *guest      // in queue
}

const (
	listenerID  = -1  // in events, where guests have their descriptors
	acceptRound = 256 // connections accepted before others are looked after

	defaultPatience = 10 * time.Second
	minBackoff      = 5 * time.Millisecond
	maxBackoff      = time.Second

	manyGuests = 1 << 10 // above it their table is made anew when they have gone
)

// open prepares to accept from a listening descriptor, which belongs to the reception if there is no
// error.
func (d *door) open(listener int) error {
	if err := inheritable(listener); err != nil {
		return err
	}
	e, err := newEpoll()
	if err != nil {
		return err
	}
	if err := e.watch(listener, listenerID); err != nil {
		e.close()
		return err
	}
	d.reception = reception{epoll: e, listener: listener, more: true, guests: map[int]*guest{},
		patience: cmp.Or(d.srv.ReadHeaderTimeout, d.srv.ReadTimeout), limit: maxHead}
	if d.patience <= 0 {
		d.patience, d.lenient = defaultPatience, true
	}
	if deferAccept(listener) {
		d.waited = min(deferral, d.patience/2)
	}
	if m := d.srv.MaxHeaderBytes; m > 0 {
		d.limit = min(m, maxHead)
	}
	return nil
}

// receive is the goroutine's.
func (d *door) receive() {
	defer close(d.done)
	defer d.reception.close()
	defer close(d.crew.tasks) // it is empty between rounds
	for {
		d.arm()
		select {
		case <-d.closing:
			return
		default:
		}
		d.await()
		now := time.Now()
		d.hear()
		d.accept(now)
		d.setToWork()
		d.judge(now)
	}
}

// close lets everybody go.
func (rc *reception) close() {
	for fd := range rc.guests {
		_ = unix.Close(fd)
	}
	_ = unix.Close(rc.listener)
	rc.epoll.close()
}

// arm bounds the next wait. Close interrupts after it has said so, and whoever arms looks after it, so
// that none is missed.
func (rc *reception) arm() {
	next := rc.shut
	if g := rc.longest(); g != nil && (next.IsZero() || g.by.Before(next)) {
		next = g.by
	}
	if rc.passed || !next.IsZero() && (rc.armed.IsZero() || next.Before(rc.armed)) {
		rc.epoll.deadline(next)
		rc.armed, rc.passed = next, false
	}
}

func (rc *reception) await() {
	if rc.more {
		runtime.Gosched() // handlers first: connections to come have not waited as long
		rc.epoll.look()
		return
	}
	rc.passed = !rc.epoll.wait()
}

// hear tends those of whom epoll tells.
func (d *door) hear() {
	for i := range d.epoll.n {
		ev := &d.epoll.events[i]
		if ev.Fd == listenerID {
			d.more = d.shut.IsZero()
			continue
		}
		over := ev.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
		g := d.guests[int(ev.Fd)]
		for g != nil && d.read(g) && over {
			// until the end is seen: it is told once
		}
	}
	d.epoll.n = 0
}

// accept takes whom the kernel has, then looks what they have sent: the first of them have had the
// time to send it.
func (d *door) accept(now time.Time) {
	if !d.shut.IsZero() && !now.Before(d.shut) {
		d.shut, d.more = time.Time{}, true
	}
	for d.more && len(d.fresh) < acceptRound {
		fd, peer, err := acceptNow(d.listener)
		switch err {
		case nil:
			d.backoff = 0
			d.fresh = append(d.fresh, guest{fd: fd, peer: peer, by: now.Add(d.patience)})
		case unix.EAGAIN:
			d.more = false
		case unix.EINTR, unix.ECONNABORTED:
		default:
			d.refused(err, now)
		}
	}
	for i := range d.fresh {
		d.read(&d.fresh[i])
	}
	clear(d.fresh)
	d.fresh = d.fresh[:0]
}

// refused is told that nobody can be accepted now, mostly for want of descriptors (EMFILE, ENFILE) or
// memory (ENOBUFS, ENOMEM). It is tried again after a pause; meanwhile clients wait in the kernel.
func (d *door) refused(err error, now time.Time) {
	d.backoff = min(max(2*d.backoff, minBackoff), maxBackoff)
	d.shut, d.more = now.Add(d.backoff), false
	d.logf("ws: door: accept: %v; retrying in %v", err, d.backoff)
}

// read takes what a guest has sent. It reports whether bytes have come and the guest stays.
func (d *door) read(g *guest) bool {
	n, err := receiveNow(uintptr(g.fd), d.buf[:])
	switch {
	case err == unix.EAGAIN:
		d.wait(g, nil)
		return false
	case err != nil, n == 0 && len(g.head) == 0:
		d.unwatch(g)
		_ = unix.Close(g.fd)
		return false
	case n == 0:
		d.hand(d.conn(g), g.head) // who says what is to be said of half a request
		return false
	}
	b, looked := d.buf[:n], len(g.head)
	if looked > 0 {
		g.head = append(g.head, b...)
		b = g.head
	}
	end, v := headEnd(b, looked)
	switch {
	case v == unfinished && len(b) < d.limit:
		d.wait(g, b)
		return true
	case v == handshake && end <= d.limit:
		d.crew.tasks <- task{d.conn(g), string(b), end}
	default:
		d.hand(d.conn(g), slices.Clone(b))
	}
	return false
}

// wait has a guest wait, with what has come of the request.
func (d *door) wait(g *guest, head []byte) {
	if len(g.head) == 0 && len(head) > 0 {
		g.head = slices.Clone(head)
	}
	if g.queue != nil {
		return
	}
	if err := d.epoll.watch(g.fd, int32(g.fd)); err != nil {
		d.hand(d.conn(g), g.head)
		return
	}
	stays := *g
	queue := &d.spoken
	if len(g.head) == 0 {
		queue = &d.silent
		stays.by = g.by.Add(-d.waited)
	}
	d.guests[g.fd] = &stays
	d.most = max(d.most, len(d.guests))
	queue.push(&stays)
}

// conn takes the guest's connection out of the reception.
func (d *door) conn(g *guest) *bareConn {
	d.unwatch(g)
	return &bareConn{peer: g.peer, local: d.local(g.fd), fd: g.fd}
}

func (rc *reception) unwatch(g *guest) {
	if g.queue == nil {
		return
	}
	rc.epoll.remove(g.fd)
	g.queue.remove(g)
	delete(rc.guests, g.fd)
	if len(rc.guests) == 0 && rc.most > manyGuests {
		rc.guests, rc.most = map[int]*guest{}, 0 // a table does not shrink by itself
	}
}

// badRequest is what net/http says to who is late with the rest of a request.
var badRequest = []byte("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request")

// judge lets those go whose time is over.
func (d *door) judge(now time.Time) {
	for g := d.longest(); g != nil && !now.Before(g.by); g = d.longest() {
		if d.lenient {
			d.hand(d.conn(g), g.head)
			continue
		}
		d.unwatch(g)
		if len(g.head) > 0 {
			_, _ = sendNow(uintptr(g.fd), badRequest)
		}
		_ = unix.Close(g.fd)
	}
}

// longest is who has waited longest, nil if nobody waits.
func (rc *reception) longest() *guest {
	a, b := rc.spoken.first, rc.silent.first
	if a == nil || b != nil && b.by.Before(a.by) {
		return b
	}
	return a
}

// guestQueue is a list, the one first who has waited longest: in each all have the same patience.
type guestQueue struct{ first, last *guest }

func (q *guestQueue) push(g *guest) {
	g.queue = q
	g.prev = q.last
	if q.last == nil {
		q.first = g
	} else {
		q.last.next = g
	}
	q.last = g
}

func (q *guestQueue) remove(g *guest) {
	if g.prev == nil {
		q.first = g.next
	} else {
		g.prev.next = g.next
	}
	if g.next == nil {
		q.last = g.prev
	} else {
		g.next.prev = g.prev
	}
	g.queue, g.prev, g.next = nil, nil, nil
}
