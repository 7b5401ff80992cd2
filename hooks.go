package veche

import (
	"sync/atomic"

	"github.com/vechehq/veche/hub"
)

// hooks are the program's own functions, in the order in which they were set.
type hooks struct {
	frozen atomic.Bool // the server serves: nothing may be added

	connect    []func(*Session) error
	disconnect []func(*Session, error)
	join       []func(*Session, string) error
	joined     []func(*Session, string)
	leave      []func(*Session, string)
	beforeSend []func(*Session, *Draft) error
	afterSend  []func(*Message)
	signal     []func(*Session, *Signal) error
}

func (h *hooks) freeze() {
	if !h.frozen.Load() { // a load is shared by all processors, a store is not
		h.frozen.Store(true)
	}
}

// set appends a hook while that is still allowed.
func set[F any](h *hooks, list *[]F, f F) {
	if h.frozen.Load() {
		panic("veche: On… functions are set before the server serves")
	}
	*list = append(*list, f)
}

// OnConnect sets a function that is called for each new session, and may refuse it.
//
// It and its likes are called in the order in which they were set, on the walk of what happens: they
// must return quickly and must not wait, for others wait behind them. They may call the session, and
// Post and Signal. An error refuses: see [Refuse]. They are set before the server serves; later it
// panics.
func (s *Server) OnConnect(f func(*Session) error) { set(&s.hooks, &s.hooks.connect, f) }

// OnDisconnect sets a function that is called when a session has ended; cause is nil if the client
// closed it in order.
func (s *Server) OnDisconnect(f func(s *Session, cause error)) {
	set(&s.hooks, &s.hooks.disconnect, f)
}

// OnJoin sets a function that is called before a session joins a room, and may refuse.
func (s *Server) OnJoin(f func(s *Session, room string) error) { set(&s.hooks, &s.hooks.join, f) }

// OnJoined sets a function that is called when a session has joined a room.
func (s *Server) OnJoined(f func(s *Session, room string)) { set(&s.hooks, &s.hooks.joined, f) }

// OnLeave sets a function that is called when a session has left a room, by its wish or its end.
func (s *Server) OnLeave(f func(s *Session, room string)) { set(&s.hooks, &s.hooks.leave, f) }

// BeforeSend sets a function that is called before a message is committed, and may change or refuse
// it. The session is nil for what comes from no session, such as the program's own messages.
func (s *Server) BeforeSend(f func(s *Session, d *Draft) error) {
	set(&s.hooks, &s.hooks.beforeSend, f)
}

// AfterSend sets a function that is called for each message when it is committed, in the order of
// its room.
func (s *Server) AfterSend(f func(*Message)) { set(&s.hooks, &s.hooks.afterSend, f) }

// OnSignal sets a function that is called before a signal is told, and may change or refuse it. The
// session is nil for what comes from no session.
func (s *Server) OnSignal(f func(s *Session, sg *Signal) error) { set(&s.hooks, &s.hooks.signal, f) }

// hub returns the hooks in the hub's form.
func (h *hooks) hub() hub.Hooks {
	return hub.Hooks{
		Connect: func(s *Session) error {
			return each(h.connect, func(f func(*Session) error) error { return f(s) })
		},
		Disconnect: func(s *Session, cause error) {
			for _, f := range h.disconnect {
				f(s, cause)
			}
		},
		Join: func(s *Session, room string) error {
			return each(h.join, func(f func(*Session, string) error) error { return f(s, room) })
		},
		Joined: func(s *Session, room string) {
			for _, f := range h.joined {
				f(s, room)
			}
		},
		Left: func(s *Session, room string) {
			for _, f := range h.leave {
				f(s, room)
			}
		},
		BeforeSend: func(s *Session, d *Draft) error {
			was := d.Body
			err := each(h.beforeSend, func(f func(*Session, *Draft) error) error { return f(s, d) })
			if err == nil {
				d.Body, err = reformed(was, filled(d.Body))
			}
			return err
		},
		AfterSend: func(m *Message) {
			for _, f := range h.afterSend {
				f(m)
			}
		},
		Signal: func(s *Session, sg *Signal) error {
			was := sg.Body
			err := each(h.signal, func(f func(*Session, *Signal) error) error { return f(s, sg) })
			if err == nil {
				sg.Body, err = reformed(was, sg.Body)
			}
			return err
		},
	}
}

// each calls the functions in turn, until one refuses.
func each[F any](list []F, call func(F) error) error {
	for _, f := range list {
		if err := call(f); err != nil {
			return err
		}
	}
	return nil
}
