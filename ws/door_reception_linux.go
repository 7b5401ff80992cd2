package ws

import (
	"bytes"
	"cmp"
	"net/netip"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// reception is the part of a door where connections wait until their request is there, and until their answer has left.
// Its goroutine owns it, from begin to Close.
type reception struct {
	epoll    *epoll
	listener int            // descriptor
	more     bool           // there may be more to accept
	fresh    []guest        // accepted in this round
	guests   map[int]*guest // those who have been waited for, by descriptor
	most     int            // how many guests there have been at a time
	waiting  waiting        // those of them who are late some time
	patience time.Duration  // how long a request's head may take
	waited   time.Duration  // how much of it a connection has had that comes without a byte
	rest     time.Duration  // how long a connection may be silent between two requests
	writing  time.Duration  // how long a client may take for an answer
	limit    int            // bytes of a head that are waited for
	lenient  bool           // who is late is net/http's to wait for, not closed

	shut    time.Time     // the kernel has refused to accept: not before this; zero: it has not
	backoff time.Duration // how long that lasts

	now    time.Time // when the round began
	passed bool      // the epoll's deadline has come
	armed  time.Time // the epoll's deadline; zero: none
	buf    [16 << 10]byte
}

// guest is a connection whose request is not there yet, or whose answer has not left.
type guest struct {
	fd          int
	peer, local netip.AddrPort // local is known when there is an exchange
	by          time.Time      // when patience ends
	head        []byte         // what has come of a request
	exchange    *exchange      // under way; nil: none. What the guest sends is then left in the kernel
	answer      []byte         // what is to leave of one; not nil: what the guest sends is left in the kernel
	watched     bool           // epoll tells of the guest, who is one of guests
	heard       bool           // it has told of something that was not read yet
	over        bool           // the client sends nothing after that
	last        bool           // it has had its last answer
	queue       *guestQueue    // nil: it is not waited for
	prev, next  *guest         // in queue
}

const (
	listenerID  = -1  // in events, where guests have their descriptors
	acceptRound = 256 // connections accepted before others are looked after

	defaultPatience = 10 * time.Second
	defaultWriting  = time.Minute
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
	d.rest = cmp.Or(max(0, d.srv.IdleTimeout), max(0, d.srv.ReadTimeout), d.patience)
	d.writing = cmp.Or(max(0, d.srv.WriteTimeout), defaultWriting)
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
	defer d.leave()
	defer close(d.crew.tasks) // it is empty between rounds
	for {
		d.arm()
		select {
		case <-d.closing:
			return
		default:
		}
		d.await()
		d.now = time.Now()
		d.hear()
		d.accept()
		d.setToWork()
		d.judge()
	}
}

// leave lets everybody go. Who is in the middle of an exchange is told, and gone with its end.
func (d *door) leave() {
	d.desk.close()
	for _, g := range d.guests {
		if g.exchange != nil {
			g.exchange.leave()
		}
	}
	d.reception.close()
}

func (rc *reception) close() {
	for fd, g := range rc.guests {
		if g.exchange == nil {
			_ = unix.Close(fd)
		}
	}
	_ = unix.Close(rc.listener)
	rc.epoll.close()
}

// arm bounds the next wait. Close interrupts after it has said so, and whoever arms looks after it, so
// that none is missed.
func (rc *reception) arm() {
	next := rc.shut
	if g := rc.waiting.longest(); g != nil && (next.IsZero() || g.by.Before(next)) {
		next = g.by
	}
	if rc.passed || !next.IsZero() && (rc.armed.IsZero() || next.Before(rc.armed)) {
		rc.epoll.deadline(next)
		rc.armed, rc.passed = next, false
	}
}

// await waits until there is something to do, and does what others have left word of.
func (d *door) await() {
	entering, settled := d.desk.take(!d.more)
	if d.more || len(entering)+len(settled) > 0 {
		runtime.Gosched() // handlers first: connections to come have not waited as long
		d.epoll.look()
	} else {
		d.passed = !d.epoll.wait()
		entering, settled = d.desk.take(false)
	}
	d.now = time.Now()
	for _, x := range entering {
		d.admit(x)
	}
	for _, x := range settled {
		d.resume(x)
	}
}

// hear tends those of whom epoll tells.
func (d *door) hear() {
	for i := range d.epoll.n {
		ev := &d.epoll.events[i]
		if ev.Fd == listenerID {
			d.more = d.shut.IsZero()
			continue
		}
		if g := d.guests[int(ev.Fd)]; g != nil {
			g.heard = true
			g.over = g.over || ev.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
			d.tend(g)
		}
	}
	d.epoll.n = 0
}

// tend does what can be done about what epoll has told.
func (d *door) tend(g *guest) {
	switch {
	case g.exchange != nil:
		g.exchange.hear(g.over)
	case g.answer != nil:
		d.send(g)
	default:
		for d.read(g) && g.over {
			// until the end is seen: it is told once
		}
	}
}

// accept takes whom the kernel has, then looks what they have sent: the first of them have had the
// time to send it.
func (d *door) accept() {
	if !d.shut.IsZero() && !d.now.Before(d.shut) {
		d.shut, d.more = time.Time{}, true
	}
	for d.more && len(d.fresh) < acceptRound {
		fd, peer, err := acceptNow(d.listener)
		switch err {
		case nil:
			d.backoff = 0
			d.fresh = append(d.fresh, guest{fd: fd, peer: peer, by: d.now.Add(d.patience)})
		case unix.EAGAIN:
			d.more = false
		case unix.EINTR, unix.ECONNABORTED:
		default:
			d.refused(err)
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
func (d *door) refused(err error) {
	d.backoff = min(max(2*d.backoff, minBackoff), maxBackoff)
	d.shut, d.more = d.now.Add(d.backoff), false
	d.logf("ws: door: accept: %v; retrying in %v", err, d.backoff)
}

// read takes what a guest has sent. It reports whether bytes have come and the guest stays.
func (d *door) read(g *guest) bool {
	g.heard = false
	n, err := receiveNow(uintptr(g.fd), d.buf[:])
	switch {
	case err == unix.EAGAIN:
		d.wait(g, nil)
		return false
	case err != nil, n == 0 && len(g.head) == 0:
		d.close(g)
		return false
	case n == 0:
		d.hand(d.conn(g), g.head) // who says what is to be said of half a request
		return false
	case g.last:
		return true // it does not count any more
	}
	b, looked := d.buf[:n], len(g.head)
	if looked > 0 {
		g.head = append(g.head, b...)
		b = g.head
	}
	return d.look(g, b, looked)
}

// look sees what kind of request has come, of which the bytes before from were looked at before. It reports whether
// the guest is still waited for.
func (d *door) look(g *guest, b []byte, from int) bool {
	end, v := headEnd(b, from)
	switch {
	case v == unfinished && len(b) < d.limit:
		d.wait(g, b)
		return true
	case v != complete || end > d.limit:
		d.hand(d.conn(g), slices.Clone(b))
	case d.answers(b):
		d.serve(g, string(b), end)
	default:
		d.assign(task{conn: d.conn(g), text: string(b), end: end})
	}
	return false
}

// answers reports whether a request is for one of the paths whose plain requests are answered here.
func (d *door) answers(head []byte) bool {
	target := head[len(headStart)-1:]
	n := bytes.IndexAny(target[:min(len(target), d.longestPath+1)], "? ")
	if n < 0 {
		return false
	}
	for _, path := range d.paths {
		if string(target[:n]) == path {
			return true
		}
	}
	return false
}

// wait has a guest wait, with what has come of the request.
func (d *door) wait(g *guest, head []byte) {
	if len(g.head) == 0 && len(head) > 0 {
		g.head = slices.Clone(head)
		if g.queue == &d.waiting.resting {
			g.queue.remove(g)
			g.by = d.now.Add(d.patience)
		}
	}
	if g.queue != nil {
		return
	}
	stays := d.keep(g)
	switch {
	case stays == nil:
		d.hand(d.conn(g), g.head)
	case len(g.head) > 0:
		d.waiting.spoken.push(stays)
	default:
		stays.by = g.by.Add(-d.waited)
		d.waiting.silent.push(stays)
	}
}

// keep lets a guest stay for longer than a round. It returns nil if that cannot be had.
func (d *door) keep(g *guest) *guest {
	if g.watched {
		return g
	}
	stays := *g
	if !d.watch(&stays) {
		return nil
	}
	return &stays
}

func (d *door) watch(g *guest) bool {
	if err := d.epoll.watch(g.fd, int32(g.fd)); err != nil {
		return false
	}
	g.watched = true
	d.guests[g.fd] = g
	d.most = max(d.most, len(d.guests))
	return true
}

// conn takes the guest's connection out of the reception.
func (d *door) conn(g *guest) *bareConn {
	d.forget(g)
	return &bareConn{peer: g.peer, local: d.local(g.fd), fd: g.fd}
}

func (d *door) close(g *guest) {
	d.forget(g)
	_ = closeNow(g.fd)
}

func (rc *reception) forget(g *guest) {
	if g.queue != nil {
		g.queue.remove(g)
	}
	if !g.watched {
		return
	}
	g.watched = false
	rc.epoll.remove(g.fd)
	delete(rc.guests, g.fd)
	if len(rc.guests) == 0 && rc.most > manyGuests {
		rc.guests, rc.most = map[int]*guest{}, 0 // a table does not shrink by itself
	}
}

// badRequest is what net/http says to who is late with the rest of a request.
var badRequest = []byte("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request")

// judge lets those go whose time is over.
func (d *door) judge() {
	for g := d.waiting.longest(); g != nil && !d.now.Before(g.by); g = d.waiting.longest() {
		switch {
		case g.answer != nil || g.last:
		case d.lenient:
			d.hand(d.conn(g), g.head)
			continue
		case len(g.head) > 0:
			_, _ = sendNow(uintptr(g.fd), badRequest)
		}
		d.close(g)
	}
}
