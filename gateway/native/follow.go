package native

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vechehq/veche/gateway/line"
	"github.com/vechehq/veche/gateway/objects"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// Follow begins a session on a pipe whose client comes back by itself, with cursors: it joins the
// rooms that the visit names, and hears nothing from the client. What is refused at once is an error:
// the visitor, or all the rooms.
func (g *Gateway) Follow(p transport.Guide, v Visit) (transport.Handler, error) {
	u, err := v.caller()
	if err != nil {
		return nil, err
	}
	joins, err := v.joins()
	if err != nil {
		return nil, badRequest(err)
	}
	s := &session{Line: line.Line{Pipe: p}, home: g, trail: newTrail(p, v.Query.Get("at") != "")}
	if err := s.connect(u); err != nil {
		return nil, err
	}
	hs, _ := s.State()
	hs.Follow(v.Session)
	s.welcome("")
	if err := s.joinAll(joins); err != nil {
		if _, leaving := s.State(); leaving {
			return s, nil // it has a last word, which says it better
		}
		hs.Close(err)
		return nil, err
	}
	hs.TakeOver()
	return s, nil
}

// Again lets a session that Follow began go on with the rooms that the client names now: it joins new
// ones and leaves those that are missing. It is false if the client is elsewhere than it was told, or if
// it wants other rooms while it is owed messages of those that it had.
func (g *Gateway) Again(h transport.Handler, v Visit, owed bool) bool {
	s := h.(*session)
	joins, err := v.joins()
	if err != nil {
		return false
	}
	join, leave, ok := s.trail.compare(joins)
	if !ok || owed && len(join)+len(leave) > 0 {
		return false
	}
	hs, _ := s.State()
	for _, room := range leave {
		s.trail.end(room)
		_ = hs.Leave(room) // its join may have failed
	}
	for _, j := range join {
		s.track(j, s.lost)
	}
	return true
}

// caller says who makes a request that must say so itself. A guest may choose a name.
func (v *Visit) caller() (hub.User, error) {
	switch {
	case v.Err != nil:
		return hub.User{}, v.Err
	case v.User.ID == "":
		return hub.User{}, &hub.Error{Code: hub.CodeUnauthorized, Message: "a token is required here"}
	}
	u := v.User
	if name := strings.TrimSpace(v.Query.Get("name")); u.Guest && name != "" {
		u.Name = name
	}
	return u, nil
}

// joins returns the joins that the query and Last-Event-ID ask for. The latter knows better where the
// client is, the former in which rooms.
func (v *Visit) joins() ([]*wire.Join, error) {
	joins, err := wire.ParseCursors(v.Query.Get("rooms"))
	if err != nil {
		return nil, err
	}
	if n := len(v.Query["room"]); n > 1 {
		return nil, &wire.DecodeError{Reason: "room is there twice; rooms takes several"}
	} else if n == 1 {
		j, err := wire.ParseJoin(v.Query.Get("room"), v.Query.Get("since"), v.Query.Get("epoch"))
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(joins, func(other *wire.Join) bool { return other.Room == j.Room }) {
			joins = append(joins, j)
		}
	}
	last, err := wire.ParseCursors(v.Last)
	if err != nil {
		return nil, err
	}
	for i, j := range joins {
		at := slices.IndexFunc(last, func(l *wire.Join) bool { return l.Room == j.Room })
		if at >= 0 {
			joins[i] = last[at]
		}
	}
	return joins, nil
}

// joinAll joins rooms. If all are refused at once it returns why the first was.
func (s *session) joinAll(joins []*wire.Join) error {
	refused := make(map[*place]error)
	var first error
	for _, j := range joins {
		now := true
		s.track(j, func(at *place, err error) {
			if !now {
				s.lost(at, err)
				return
			}
			refused[at], first = err, cmp.Or(first, err)
		})
		now = false
	}
	if len(joins) > 0 && len(refused) == len(joins) {
		return first
	}
	for at, err := range refused {
		s.lost(at, err)
	}
	return nil
}

// track joins a room, of which the trail then knows where the client is.
func (s *session) track(j *wire.Join, failed func(*place, error)) {
	hs, _ := s.State()
	at := s.trail.begin(j)
	s.Hold()
	hs.Join(j.Room, joinOptions(j), func(joined hub.Joined, err error) {
		if err != nil {
			failed(at, err)
		} else {
			s.reply(entry(j, joined))
		}
		s.Release()
	})
}

func entry(asked *wire.Join, j hub.Joined) *entered {
	return &entered{asked: asked, next: j.Next, JoinOK: objects.Joined("", j)}
}

// lost tells that a room could not be joined. If it may be later, the client is to come back for it.
func (s *session) lost(at *place, err error) {
	if !s.trail.has(at) {
		return // the client wants it no more
	}
	s.fail("", at.told.Room, err)
	if hub.AsError(err).Retry {
		s.End(err)
		return
	}
	s.trail.end(at.told.Room)
}
