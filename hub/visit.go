package hub

import (
	"crypto/rand"
	"errors"
)

// Visit is what a client does without a connection: a request of HTTP. It joins nothing and is told
// nothing, is in no count of sessions, and neither Connect nor Disconnect hooks hear of it; the others
// are given its Session. What needs a room that one is in needs here that one may join it.
//
// Its calls return at once; done functions are called exactly once, with no lock held, possibly before
// the call returns.
type Visit struct{ session *Session }

// Visit begins one, in the name of a session of the user that lives here or elsewhere, so that what it
// signals is not told to that one; empty for none.
func (h *Hub) Visit(u User, session string) (*Visit, error) {
	if err := errors.Join(CheckUser(u.ID), CheckName(u.Name)); err != nil {
		return nil, err
	}
	h.mu.Lock()
	draining := h.draining
	h.mu.Unlock()
	if draining {
		return nil, ErrDraining
	}
	if session == "" {
		session = rand.Text()
	}
	return &Visit{&Session{
		hub: h, id: session, userID: u.ID, sink: nobody{}, user: u, expiry: func() {},
		closed: true, // to whatever a visit cannot do
	}}, nil
}

// nobody is the sink of a session that is told nothing.
type nobody struct{}

func (nobody) Wake()     {}
func (nobody) End(error) {}

// Session returns the visit as hooks see it.
func (v *Visit) Session() *Session { return v.session }

// Renew is Session.Renew, of this visit and of the session in whose name it acts, if that lives here.
func (v *Visit) Renew(u User) error {
	h := v.session.hub
	h.mu.Lock()
	live, ok := h.sessions[v.session.id]
	h.mu.Unlock()
	if ok && live.userID == u.ID {
		if err := live.Renew(u); err != nil {
			return err
		}
	}
	return v.session.Renew(u)
}

// Send is Session.Send.
func (v *Visit) Send(d Draft, done func(Sent, error)) {
	v.session.hub.send(v.session, v.session.User(), nil, d, done)
}

// History is Session.History.
func (v *Visit) History(room string, q HistoryQuery, done func(History, error)) {
	v.session.hub.history(v.session.User(), room, q, done)
}

// Signal is Session.Signal.
func (v *Visit) Signal(sg *Signal) error {
	if err := v.mayJoin(sg.Room); err != nil {
		return err
	}
	return v.session.signal(sg)
}

// Receipt is Session.Receipt.
func (v *Visit) Receipt(rc Receipt, done func(error)) {
	rc.User = v.session.userID
	v.enter(rc.Room, func(r *Room, err error) {
		if err != nil {
			done(err)
			return
		}
		r.whenKnown(max(rc.Received, rc.Read), func() {
			r.knowReceipt(rc.User, func(own Receipt) {
				r.know(own)
				r.raise(rc)
				r.hub.release(r, 1)
				done(nil)
			})
		})
	})
}

// Present is Session.Present.
func (v *Visit) Present(room string, done func(us []User, count int, err error)) {
	v.enter(room, func(r *Room, err error) {
		if err != nil {
			done(nil, 0, err)
			return
		}
		r.whenTold(func() {
			us, count := r.present()
			r.hub.release(r, 1)
			done(us, count, nil)
		})
	})
}

func (v *Visit) mayJoin(room string) error {
	if err := CheckRoom(room); err != nil {
		return err
	}
	return v.session.hub.authorize(v.session.User(), ActJoin, room)
}

// enter gives f a room that is loaded, and held.
func (v *Visit) enter(name string, f func(*Room, error)) {
	if err := v.mayJoin(name); err != nil {
		f(nil, err)
		return
	}
	r, err := v.session.hub.open(name)
	if err != nil {
		f(nil, err)
		return
	}
	r.whenLoaded(func(err error) {
		if err != nil {
			r.hub.release(r, 1)
		}
		f(r, err)
	})
}
