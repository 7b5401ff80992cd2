package hub

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
)

// Config says what a hub is made of. Store is required.
type Config struct {
	Store      Store                  // durable rooms; closed by Hub.Close
	Memory     Store                  // rooms of kind Memory; required if Kind ever says so; closed too
	Kind       func(room string) Kind // nil: all rooms are Durable
	Bus        Bus                    // nil: there is one node
	Authorizer Authorizer             // nil: everybody may do everything
	Hooks      Hooks
	Limits     Limits
	Log        *slog.Logger // nil: slog.Default
}

// Hub is where sessions meet in rooms. It is safe for concurrent use.
type Hub struct {
	node   string
	config Config
	limits Limits
	hooks  Hooks
	log    *slog.Logger

	ctx        context.Context // ends reads of the store when the hub closes
	cancel     context.CancelFunc
	goroutines sync.WaitGroup
	pool       *pool
	unbind     func() // from the bus

	mu       sync.Mutex // guards what follows
	rooms    map[string]*Room
	idle     []*Room // the longest idle first; some may be in use again
	sessions map[string]*Session
	users    map[string]map[*Session]struct{}
	draining bool          // no new sessions
	closed   bool          // no new requests
	stopped  bool          // no new goroutines
	empty    chan struct{} // closed when draining and no session is left
	timers   map[*timer]struct{}
}

// New returns a hub that is ready. Close it.
func New(c Config) *Hub {
	h := &Hub{
		node:     rand.Text(),
		config:   c,
		limits:   c.Limits.withDefaults(),
		hooks:    c.Hooks,
		log:      c.Log,
		rooms:    make(map[string]*Room),
		sessions: make(map[string]*Session),
		users:    make(map[string]map[*Session]struct{}),
		empty:    make(chan struct{}),
		timers:   make(map[*timer]struct{}),
		unbind:   func() {},
	}
	if h.log == nil {
		h.log = slog.Default()
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.pool = &pool{spawn: h.spawn, limit: h.limits.Readers}
	if c.Bus != nil {
		h.unbind = c.Bus.Subscribe(h.hear)
		h.repeat()
	}
	return h
}

// Limits returns the bounds in force.
func (h *Hub) Limits() Limits { return h.limits }

// Ready asks the stores for a room that nobody uses, to see whether they answer.
func (h *Hub) Ready(ctx context.Context) error {
	h.mu.Lock()
	draining := h.draining
	h.mu.Unlock()
	if draining {
		return ErrDraining
	}
	_, err := h.config.Store.Room(ctx, "~")
	return err
}

// Sessions returns how many sessions are live.
func (h *Hub) Sessions() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.sessions)
}

func (h *Hub) newRoom(name string) *Room {
	r := &Room{hub: h, name: name, store: h.config.Store, machine: newRoom(name, &h.limits)}
	r.machine.who.alone = h.config.Bus == nil
	if h.config.Kind != nil && h.config.Kind(name) == Memory {
		r.store, r.volatile = h.config.Memory, true
	}
	return r
}

// open returns a room and holds it. Whoever opens releases.
func (h *Hub) open(name string) (*Room, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	r, ok := h.rooms[name]
	if !ok {
		if len(h.rooms) >= h.limits.Rooms {
			return nil, &Error{Code: CodeBusy, Message: "too many rooms are in use, try again", Retry: true}
		}
		r = h.newRoom(name)
		h.rooms[name] = r
	}
	r.holders++
	return r, nil
}

// opened returns a room and holds it, if it is open.
func (h *Hub) opened(name string) (*Room, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.rooms[name]
	if ok {
		r.holders++
	}
	return r, ok
}

func (h *Hub) hold(r *Room) {
	h.mu.Lock()
	r.holders++
	h.mu.Unlock()
}

// release gives back n holds. A room that nobody holds stays open until enough others are idle too.
func (h *Hub) release(r *Room, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.holders -= n
	if r.holders > 0 || r.idling {
		return
	}
	r.idling = true
	h.idle = append(h.idle, r)
	for len(h.idle) > h.limits.IdleRooms {
		old := h.idle[0]
		h.idle[0] = nil
		h.idle = h.idle[1:]
		old.idling = false
		if old.holders == 0 {
			delete(h.rooms, old.name)
		}
	}
}

// Send sends a message in a user's name without a session: from the application's own code or a
// request of HTTP. done is called once, after the commit.
func (h *Hub) Send(u User, d Draft, done func(Sent, error)) {
	h.send(nil, u, nil, d, done)
}

func (h *Hub) send(s *Session, u User, from *member, d Draft, done func(Sent, error)) {
	r, err := h.prepare(s, u, &d)
	if err != nil {
		done(Sent{}, err)
		return
	}
	r.send(&Message{
		Room: d.Room, From: u.ID, Name: u.Name, CID: d.CID, Kind: d.Kind, Body: d.Body,
	}, from, done)
}

// prepare lets everybody who has a say look at a draft, and opens its room.
func (h *Hub) prepare(s *Session, u User, d *Draft) (*Room, error) {
	if err := checkDraft(d, &h.limits); err != nil {
		return nil, err
	}
	if err := h.authorize(u, ActSend, d.Room); err != nil {
		return nil, err
	}
	if err := h.hooks.beforeSend(s, d); err != nil {
		return nil, err
	}
	if err := checkDraft(d, &h.limits); err != nil { // a hook may have changed it
		return nil, err
	}
	return h.open(d.Room)
}

// SignalRoom tells a room's members of a signal that comes from no session.
func (h *Hub) SignalRoom(s *Signal) error {
	if err := h.checkSignal(nil, s); err != nil {
		return err
	}
	h.signal(s, "")
	return nil
}

func (h *Hub) checkSignal(from *Session, s *Signal) error {
	if err := checkSignal(s, &h.limits); err != nil {
		return err
	}
	if err := h.hooks.signal(from, s); err != nil {
		return err
	}
	return checkSignal(s, &h.limits)
}

func (h *Hub) signal(s *Signal, session string) {
	if r, ok := h.opened(s.Room); ok {
		r.signal(s, session)
		h.release(r, 1)
	}
	h.tell(Notice{Room: s.Room, Session: session, Signal: s})
}

// SignalUser tells all sessions of a user, in whichever rooms they are.
func (h *Hub) SignalUser(user string, s *Signal) error {
	if err := h.checkSignal(nil, s); err != nil {
		return err
	}
	h.signalUser(user, s)
	h.tell(Notice{User: user, Signal: s})
	return nil
}

func (h *Hub) signalUser(user string, s *Signal) {
	for _, session := range h.sessionsOf(user) {
		session.push(s, s.size(), loose)
	}
}

func (h *Hub) sessionsOf(user string) []*Session {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*Session
	for s := range h.users[user] {
		all = append(all, s)
	}
	return all
}

func (h *Hub) authorize(u User, a Action, room string) error {
	if h.config.Authorizer == nil {
		return nil
	}
	return h.config.Authorizer.Authorize(u, a, room)
}

func (h *Hub) storeError(room string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	h.log.Error("message not stored", "room", room, "err", err)
	return ErrUnavailable
}
