package ws

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// A guest whose plain requests the door answers stays in the reception: it waits for a request, is in an exchange, takes
// what is left of an answer, and waits again, or parts.

// serve begins an exchange: the first end bytes of text are the head of its request.
func (d *door) serve(g *guest, text string, end int) {
	if g.local == (netip.AddrPort{}) {
		g.local = d.local(g.fd)
	}
	stays := d.keep(g)
	if stays == nil {
		d.hand(d.conn(g), []byte(text))
		return
	}
	g = stays
	if g.queue != nil {
		g.queue.remove(g)
	}
	g.head = []byte(text[end:])
	g.exchange = newExchange(d, g)
	if g.over {
		g.exchange.leave()
	}
	d.assign(task{exchange: g.exchange, text: text, end: end})
}

// admit takes in a guest who is in the middle of an exchange.
func (d *door) admit(x *exchange) {
	if !d.watch(x.guest) {
		x.leave()
	}
}

// resume goes on with a guest after an exchange.
func (d *door) resume(x *exchange) {
	g := x.guest
	g.exchange = nil
	switch {
	case x.unread != nil:
		d.hand(d.conn(g), x.unread)
	case x.err != nil, !g.watched:
		d.close(g)
	default:
		g.last = !x.again
		g.answer = x.out.rest
		d.proceed(g)
	}
}

// proceed has a guest take the rest of an answer, part, or wait for its next request.
func (d *door) proceed(g *guest) {
	switch {
	case len(g.answer) > 0:
		if d.epoll.watchBoth(g.fd, int32(g.fd)) != nil {
			d.close(g)
			return
		}
		g.by = d.now.Add(d.writing)
		d.waiting.taking.push(g)
		return
	case g.last:
		_ = endNow(g.fd)
		g.head = nil
		g.by = d.now.Add(lingerTime)
		d.waiting.parting.push(g)
	case len(g.head) > 0:
		g.by = d.now.Add(d.patience)
		if b := g.head; !d.look(g, b, 0) {
			return
		}
	default:
		g.by = d.now.Add(d.rest)
		d.waiting.resting.push(g)
	}
	if g.heard || g.over {
		d.tend(g)
	}
}

// send sends what the client takes now of the rest of an answer.
func (d *door) send(g *guest) {
	n, err := sendNow(uintptr(g.fd), g.answer)
	if err == unix.EAGAIN {
		return
	}
	if err != nil {
		d.close(g)
		return
	}
	if g.answer = g.answer[n:]; len(g.answer) > 0 {
		return // epoll tells when there is room
	}
	g.answer = nil
	g.queue.remove(g)
	d.proceed(g)
}
