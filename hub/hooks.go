package hub

// Hooks are an application's own logic on the way of what happens. Each may be nil. They run on the
// walk itself, so they must return quickly and must not block; they may call the hub and the session.
// No lock is held while they run.
type Hooks struct {
	// Connect may refuse a session before anything else happens in it.
	Connect func(*Session) error
	// Disconnect tells that a session has ended, and why (nil: the client closed it in order).
	Disconnect func(*Session, error)

	// Join may refuse a session that wants to join a room.
	Join func(s *Session, room string) error
	// Joined and Left tell that a session is now in a room, or no longer.
	Joined func(s *Session, room string)
	Left   func(s *Session, room string)

	// BeforeSend may change or refuse a message. s is nil for a message that comes from no session.
	BeforeSend func(s *Session, d *Draft) error
	// AfterSend tells of a message that was committed by this hub, in the room's order.
	AfterSend func(*Message)

	// Signal may change or refuse a signal. s is nil for one that comes from no session.
	Signal func(s *Session, sg *Signal) error
}

func (k *Hooks) connect(s *Session) error {
	if k.Connect == nil {
		return nil
	}
	return k.Connect(s)
}

func (k *Hooks) disconnect(s *Session, cause error) {
	if k.Disconnect != nil {
		k.Disconnect(s, cause)
	}
}

func (k *Hooks) join(s *Session, room string) error {
	if k.Join == nil {
		return nil
	}
	return k.Join(s, room)
}

func (k *Hooks) joined(s *Session, room string) {
	if k.Joined != nil {
		k.Joined(s, room)
	}
}

func (k *Hooks) left(s *Session, room string) {
	if k.Left != nil {
		k.Left(s, room)
	}
}

func (k *Hooks) beforeSend(s *Session, d *Draft) error {
	if k.BeforeSend == nil {
		return nil
	}
	return k.BeforeSend(s, d)
}

func (k *Hooks) afterSend(m *Message) {
	if k.AfterSend != nil {
		k.AfterSend(m)
	}
}

func (k *Hooks) signal(s *Session, sg *Signal) error {
	if k.Signal == nil {
		return nil
	}
	return k.Signal(s, sg)
}
