package native

import (
	"time"

	"github.com/vechehq/veche/hub"
	wire "github.com/vechehq/veche/wire/native"
)

// wait lets the client say hello before anything else.
func (s *session) wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.patience = time.AfterFunc(helloWait, func() {
		if hs, _ := s.State(); hs == nil {
			s.refuse("", &hub.Error{Code: hub.CodeBadRequest, Message: "no hello came in time"})
		}
	})
}

// hello identifies the client: it opens the session, renews it, or, as the first that is said,
// changes the user. One that fails changes nothing.
func (s *session) hello(hs *hub.Session, h *wire.Hello) {
	now, nowErr := s.visit.User, s.visit.Err
	if hs != nil {
		now, nowErr = hs.User(), nil
	}
	u, before, err := s.home.identify(h, now, nowErr)
	if err == nil {
		err = s.become(hs, u)
	}
	if err != nil && hs == nil {
		s.refuse(h.ID, err)
		return
	}
	if err != nil {
		s.fail(h.ID, "", err)
		return
	}
	s.takeOver(before)
	s.welcome(h.ID)
	if hs == nil {
		s.enter()
	}
}

// identify says who the client claims to be, and which session of theirs it goes on with. now is who it
// was before, or what was wrong with that.
func (g *Gateway) identify(h *wire.Hello, now hub.User, nowErr error) (u hub.User, before string, err error) {
	resumed, before, resumeErr := hub.User{}, "", error(nil)
	if h.Resume != "" {
		resumed, before, resumeErr = g.config.Identity.Resume(h.Resume)
	}
	switch {
	case h.Token != "":
		u, err = g.config.Identity.Token(h.Token)
	case h.Resume != "":
		u, err = resumed, resumeErr
	default:
		u, err = now, nowErr
	}
	if err == nil && u.ID == "" {
		err = &hub.Error{Code: hub.CodeUnauthorized, Message: "a token is required here"}
	}
	if resumed.ID != u.ID {
		before = ""
	}
	if u.Guest && h.Name != "" {
		u.Name = h.Name
	}
	return u, before, err
}

// become makes the session u's.
func (s *session) become(hs *hub.Session, u hub.User) error {
	switch {
	case hs == nil:
		return s.connect(u)
	case hs.User().ID == u.ID:
		return hs.Renew(u)
	case s.spoken:
		return &hub.Error{Code: hub.CodeForbidden, Message: "another user needs another connection"}
	}
	return s.connect(u)
}

// connect opens the hub session, in place of the one before.
func (s *session) connect(u hub.User) error {
	hs, err := s.home.config.Hub.Connect(u, s)
	if err != nil {
		return err
	}
	s.calm()
	if before := s.Open(hs); before != nil {
		before.Close(nil)
	}
	return nil
}

// takeOver ends the session that the client had before, on whichever node it lives.
func (s *session) takeOver(before string) {
	if hs, _ := s.State(); before != "" {
		hs.Follow(before)
		hs.TakeOver()
	}
}

// welcome tells the client who it is, and answers its hello.
func (s *session) welcome(id wire.ID) {
	hs, _ := s.State()
	w := s.home.greet(hs)
	w.Transport = s.Pipe.Transport()
	s.reply(w)
	s.ok(id, "")
}

func (g *Gateway) greet(hs *hub.Session) *wire.Welcome {
	u := hs.User()
	c := &g.config
	return &wire.Welcome{
		Session: hs.ID(),
		User:    wire.User{ID: u.ID, Name: u.Name},
		Guest:   u.Guest,
		Resume:  c.Identity.Issue(u, hs.ID()),
		Ping:    c.Ping,
		Expires: u.Expires,
		Time:    time.Now(),
		Server:  c.Server,
		Limits:  g.limits,
	}
}
