package ws

import "sync"

// desk is where others leave word for the reception.
type desk struct {
	mu sync.Mutex // guards what follows
	// entering are exchanges of guests whom net/http had; settled are those that are over. There are no more of both than
	// twice the connections.
	entering, settled []*exchange
	asleep            bool // the reception waits and has to be told
	closed            bool // there is no reception any more
}

// enter has the reception take a guest in who is in the middle of an exchange.
func (d *door) enter(x *exchange) {
	if !d.leaveWord(&d.desk.entering, x) {
		x.leave()
	}
}

// settle gives a guest back to the reception, or closes the connection when that has ended.
func (d *door) settle(x *exchange) {
	if !d.leaveWord(&d.desk.settled, x) {
		_ = closeNow(x.guest.fd)
	}
}

// leaveWord puts an exchange on one of the desk's lists. It returns false when there is no reception any more.
func (d *door) leaveWord(list *[]*exchange, x *exchange) bool {
	d.desk.mu.Lock()
	open := !d.desk.closed
	if open {
		*list = append(*list, x)
	}
	wake := d.desk.wakes()
	d.desk.mu.Unlock()
	if wake {
		d.epoll.interrupt()
	}
	return open
}

// wakes reports whether the reception is to be told. k.mu is held.
func (k *desk) wakes() bool {
	wake := k.asleep && !k.closed
	k.asleep = false
	return wake
}

// take returns what there is. If there is nothing, the reception is about to sleep: this is said under the lock under
// which that was seen, so no word is missed.
func (k *desk) take(sleeps bool) (entering, settled []*exchange) {
	k.mu.Lock()
	defer k.mu.Unlock()
	entering, settled = k.entering, k.settled
	k.entering, k.settled = nil, nil
	k.asleep = sleeps && len(entering)+len(settled) == 0
	return entering, settled
}

func (k *desk) isClosed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closed
}

// close ends the desk, and with it the exchanges of whom it has.
func (k *desk) close() {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	entering, settled := k.take(false)
	for _, x := range entering {
		x.leave()
	}
	for _, x := range settled {
		_ = closeNow(x.guest.fd)
	}
}
