// Session: one connection, from the attempt to its end: hello, answers, liveness, renewal. It knows
// nothing of what rooms mean.

package client

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/vechehq/veche/wire/native"
)

const (
	// connectTimeout is for an attempt: the token, the connection, and the welcome.
	connectTimeout = 20 * time.Second
	// patience is how long a ping may remain without anything that comes; half the server's ping interval
	// if that is less.
	patience = 8 * time.Second
	// defaultPing is for a server that does not name its own interval.
	defaultPing = 25 * time.Second
	// renewBefore is how long before its end a token is renewed, or a quarter of its life if that is less.
	renewBefore = 30 * time.Second
)

var (
	errNoWelcome = errors.New("veche: no welcome in time")
	errSilent    = errors.New("veche: the connection is silent")
)

// answer is called once, with mu held. The error is an *Error, or errLost.
type answer func(native.Event, error)

// session is one connection.
type session struct {
	client *Client
	ctx    context.Context // ends with the session
	cancel context.CancelFunc
	over   chan struct{}  // closed at the end
	others sync.WaitGroup // timers and the renewal

	// guarded by client.mu
	pipe     pipe
	err      error // why it ended
	welcomed time.Time
	lastID   uint64
	answers  map[native.ID]answer // of requests under way; as many as their owners bound
	timers   map[*time.Timer]struct{}
	heard    time.Time // when something came
	pinged   bool      // nothing has come since our ping
	ping     time.Duration
}

func newSession(c *Client) *session {
	s := &session{client: c, over: make(chan struct{}), answers: map[native.ID]answer{}, timers: map[*time.Timer]struct{}{}}
	s.ctx, s.cancel = context.WithCancel(c.ctx)
	return s
}

// live connects and waits until the session has ended and nothing of it runs any more. It returns why.
func (s *session) live() error {
	defer s.cancel()
	began := time.Now()
	ctx, cancel := context.WithTimeout(s.ctx, connectTimeout)
	defer cancel()
	token, err := s.token(ctx)
	if err != nil {
		return err
	}
	p, err := s.client.dialer.dial(ctx, s)
	if err != nil {
		return err
	}
	s.open(p, token, connectTimeout-time.Since(began))
	select {
	case <-s.over:
	case <-s.client.ctx.Done():
		s.closed(ErrClosed)
	}
	p.close(s.client.ctx.Err() != nil)
	<-p.done()
	s.others.Wait()
	return s.err
}

// open says hello on the new pipe.
func (s *session) open(p pipe, token string, left time.Duration) {
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	s.pipe = p
	if s.err != nil {
		return // it has ended already
	}
	s.later(left, func() {
		if s.welcomed.IsZero() {
			s.end(errNoWelcome)
		}
	})
	hello := &native.Hello{ID: s.newID(), Token: token, Resume: c.resume, Name: c.name}
	s.ask(hello, func(_ native.Event, err error) {
		if err != nil {
			s.end(err)
		}
	})
}

func (s *session) token(ctx context.Context) (string, error) {
	if s.client.options.Token == nil {
		return "", nil
	}
	return s.client.options.Token(ctx)
}

// renew says hello with a new token. If that fails the session will expire, and the next one asks for a
// token anew.
func (s *session) renew() {
	ctx, cancel := context.WithTimeout(s.ctx, connectTimeout)
	defer cancel()
	token, err := s.token(ctx)
	if err != nil {
		s.client.log.Debug("veche: no token to renew with", "err", err)
		return
	}
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	s.ask(&native.Hello{ID: s.newID(), Token: token}, func(_ native.Event, err error) {
		if err != nil {
			s.client.log.Debug("veche: the token was not renewed", "err", err)
		}
	})
}

// What follows up to received wants mu to be held.

func (s *session) newID() native.ID {
	s.lastID++
	return native.ID(strconv.FormatUint(s.lastID, 10))
}

// ask makes a request; its id must be a newID.
func (s *session) ask(r native.Request, a answer) {
	if s.err != nil {
		a(nil, errLost)
		return
	}
	s.answers[r.RequestID()] = a
	s.say(r)
}

// say sends what has no answer, or registered one.
func (s *session) say(r native.Request) {
	if s.err != nil {
		return
	}
	if err := s.pipe.send(r); err != nil {
		s.end(err)
	}
}

// later calls f after d, with mu held, unless the session has ended by then.
func (s *session) later(d time.Duration, f func()) (stop func()) {
	if s.err != nil {
		return func() {}
	}
	s.others.Add(1)
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		defer s.others.Done()
		s.client.mu.Lock()
		defer s.client.mu.Unlock()
		if _, waits := s.timers[t]; waits {
			delete(s.timers, t)
			f()
		}
	})
	s.timers[t] = struct{}{}
	return func() { s.stopTimer(t) }
}

func (s *session) stopTimer(t *time.Timer) {
	if _, waits := s.timers[t]; !waits {
		return
	}
	delete(s.timers, t)
	if t.Stop() {
		s.others.Done()
	}
}

// end ends the session, once. What was asked is answered with errLost.
func (s *session) end(err error) {
	if s.err != nil {
		return
	}
	c := s.client
	s.err = err
	close(s.over)
	s.cancel()
	for t := range s.timers {
		s.stopTimer(t)
	}
	if c.session == s {
		c.session, c.state = nil, Waiting
		for _, r := range c.rooms {
			r.lost()
		}
		c.moved.tell()
	}
	for id, a := range s.answers {
		delete(s.answers, id)
		a(nil, errLost)
	}
}

func (s *session) welcome(w *native.Welcome) {
	c := s.client
	first := s.welcomed.IsZero()
	c.user = User{ID: w.User.ID, Name: w.User.Name, Guest: w.Guest}
	if w.Resume != "" {
		c.resume = w.Resume
	}
	c.limits = w.Limits
	s.renewBefore(w)
	if !first {
		return
	}
	s.welcomed = time.Now()
	s.ping = w.Ping
	if s.ping <= 0 {
		s.ping = defaultPing
	}
	s.watch()
	c.session, c.state = s, Online
	c.log.Debug("veche: online", "user", c.user.ID, "session", w.Session)
	for _, r := range c.rooms {
		r.join(s)
	}
	c.moved.tell()
}

// renewBefore renews the token before it ends, by the server's clock: ours may be wrong.
func (s *session) renewBefore(w *native.Welcome) {
	if w.Expires.IsZero() || s.client.options.Token == nil {
		return
	}
	life := w.Expires.Sub(w.Time)
	s.later(max(time.Second, life-min(renewBefore, life/4)), func() { s.others.Go(s.renew) })
}

// watch finds out whether the connection is dead: "Nothing at all came for ping seconds: the connection is
// dead. Before that, after a part of them, ping."
func (s *session) watch() {
	if s.pinged {
		s.end(errSilent)
		return
	}
	answer := min(patience, s.ping/2)
	wait := s.ping - answer - time.Since(s.heard)
	if wait <= 0 {
		s.pinged = true
		s.say(&native.Ping{})
		wait = answer
	}
	s.later(wait, s.watch)
}

func (s *session) answer(id native.ID, e native.Event, err error) bool {
	a, ok := s.answers[id]
	delete(s.answers, id)
	if ok {
		a(e, err)
	}
	return ok
}

func (s *session) refuse(e *native.Error) {
	err := errorOf(e)
	switch {
	case s.answer(e.ID, nil, err):
	case !s.welcomed.IsZero():
		s.client.log.Debug("veche: the server complains", "err", err, "room", e.Room)
	case e.Code == "bad_request": // our hello came too late
		s.end(errNoWelcome)
	default:
		s.end(err)
	}
}

// received takes an object of the server's.
func (s *session) received(e native.Event) {
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.err != nil {
		return
	}
	s.heard, s.pinged = time.Now(), false
	switch e := e.(type) {
	case *native.Welcome:
		if s.pipe == nil {
			s.end(errors.New("veche: the server did not wait for our hello"))
			return
		}
		s.welcome(e)
	case *native.OK:
		s.answer(e.ID, e, nil)
	case *native.JoinOK:
		s.answer(e.ID, e, nil)
	case *native.SendOK:
		s.answer(e.ID, e, nil)
	case *native.PresenceOK:
		s.answer(e.ID, e, nil)
	case *native.HistoryOK:
		s.answer(e.ID, e, nil)
	case *native.Error:
		s.refuse(e)
	case *native.Bye:
		s.end(&byeError{Error{Code: e.Code, Message: e.Message, Retry: e.Retry}, e.After})
	case *native.Signal:
		if e.Room == "" {
			c.signalUser(signalOf(e))
		} else {
			c.tell(s, e.Room, e)
		}
	case *native.Message:
		c.tell(s, e.Room, e)
	case *native.Gap:
		c.tell(s, e.Room, e)
	case *native.Receipt:
		c.tell(s, e.Room, e)
	case *native.Presence:
		c.tell(s, e.Room, e)
	}
}

// drained is told when there is room on the pipe again.
func (s *session) drained() {
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != s {
		return
	}
	for _, r := range c.rooms {
		r.outbox.pump()
	}
}

func (s *session) closed(err error) {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	s.end(err)
}

// tell gives a room what is told of it.
func (c *Client) tell(s *session, room string, e native.Event) {
	if r := c.rooms[room]; r != nil && c.session == s {
		r.received(e)
	}
}

func (c *Client) signalUser(s *Signal) {
	if len(c.signals) == maxSignals {
		c.signals = c.signals[1:]
	}
	c.signals = append(c.signals, s)
	c.signalled.tell()
}
