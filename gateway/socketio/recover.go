package socketio

import (
	"slices"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/socketio"
	wire "github.com/vechehq/veche/wire/native"
)

// places is where a client is: for each of its rooms, how it goes on that has all that was sent. As a string it is the offset
// that socket.io-client gives back.
type places []wire.Join

func (ps places) String() string {
	var b []byte
	for i := range ps {
		if i > 0 {
			b = append(b, ',')
		}
		b = ps[i].AppendCursor(b)
	}
	return string(b)
}

func (ps places) find(room string) int {
	return slices.IndexFunc(ps, func(j wire.Join) bool { return j.Room == room })
}

// move moves a room's place, and returns its epoch.
func (ps places) move(room string, seq uint64, epoch string) string {
	i := ps.find(room)
	if i < 0 {
		return ""
	}
	ps[i].Since, ps[i].Replay = int64(seq), true
	if epoch != "" {
		ps[i].Epoch = epoch
	}
	return ps[i].Epoch
}

// entered is a join that the client is to be told of: first where it is now. Where a gap follows it stays where it was until it
// has that.
func (s *session) entered(r *wire.Join, j hub.Joined) {
	at := *r
	at.ID = ""
	if j.Recovered || !r.Replay || r.Since < 0 {
		at.Since, at.Replay, at.Epoch = int64(j.Next)-1, true, j.Epoch
	}
	if i := s.places.find(r.Room); i >= 0 {
		s.places[i] = at
	} else {
		s.places = append(s.places, at)
	}
	s.tellRooms()
}

func (s *session) left(room string) {
	if i := s.places.find(room); i >= 0 {
		s.places = slices.Delete(s.places, i, i+1)
	}
	s.tellRooms()
}

// tellRooms tells the client which rooms it is in, so that it has an offset even if nothing follows.
func (s *session) tellRooms() {
	names := make([]string, len(s.places))
	for i := range s.places {
		names[i] = s.places[i].Room
	}
	s.sent(s.socket.Say("rooms", names, s.places.String()))
}

// PID is the namespace's: what the client of a new socket shows to come back.
func (g *Gateway) PID(s *socketio.Socket) string {
	ss := s.Source().(*session)
	hs, _ := ss.State()
	return g.config.Identity.Issue(hs.User(), s.ID())
}

// Recover is the namespace's: it joins the rooms where the client was cut off. If one of the logs does not go back so far, nothing
// is recovered, since the client would not know what it lacks.
func (g *Gateway) Recover(s *socketio.Socket, pid, offset string) (id string, ok bool) {
	ss := s.Source().(*session)
	hs, _ := ss.State()
	u, id, err := g.config.Identity.Resume(pid)
	if err != nil || u.ID != hs.User().ID {
		return "", false
	}
	rooms, err := wire.ParseCursors(offset)
	if err != nil {
		return "", false
	}
	for _, r := range rooms {
		if !ss.rejoin(hs, r) {
			ss.places = nil
			if ss.connect(hs.User()) != nil { // what is in the outbox goes with the session
				s.Disconnect(true)
			}
			return "", false
		}
	}
	return id, true
}

// rejoin joins a room where the client was, and waits for that.
func (s *session) rejoin(hs *hub.Session, r *wire.Join) bool {
	if !r.Replay || r.Since < 0 {
		return false
	}
	came := make(chan bool, 1)
	hs.Join(r.Room, options(r), func(j hub.Joined, err error) {
		if err == nil && j.Recovered {
			s.places = append(s.places, wire.Join{Room: r.Room, Since: r.Since, Replay: true, Epoch: j.Epoch})
			came <- true
			return
		}
		came <- false
	})
	return <-came
}
