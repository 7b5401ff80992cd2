package native

import (
	"net/url"
	"time"

	"github.com/vechehq/veche/gateway/line"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// Identity says who is who. Errors should be *hub.Error: CodeUnauthorized or CodeExpired.
type Identity interface {
	// Token returns the user of a token.
	Token(token string) (hub.User, error)
	// Resume returns the user and the session of a resume token that Issue made.
	Resume(token string) (u hub.User, session string, err error)
	// Issue makes a resume token; empty if there is none to be had.
	Issue(u hub.User, session string) string
}

// Config says what a gateway is made of. Hub and Identity are required.
type Config struct {
	Hub      *hub.Hub
	Identity Identity
	Server   string        // name and version, told to people in welcome
	Ping     time.Duration // between the transport's pings, told in welcome; 25 s
	Frame    int           // bytes of the largest object that the transport takes, told in welcome; 1 MiB
}

// Gateway speaks the native protocol. It is safe for concurrent use.
type Gateway struct {
	config Config
	limits wire.Limits
}

// New returns a gateway.
func New(c Config) *Gateway {
	if c.Ping <= 0 {
		c.Ping = 25 * time.Second
	}
	if c.Frame <= 0 {
		c.Frame = 1 << 20
	}
	l := c.Hub.Limits()
	return &Gateway{config: c, limits: wire.Limits{
		Frame: c.Frame, Body: l.Body, Rooms: l.SessionRooms, History: min(l.History, wire.MaxHistory),
	}}
}

// Protocol chooses among the subprotocols that a client offers: veche.v1, or none.
func Protocol(offered []string) string {
	for _, name := range offered {
		if name == wire.Subprotocol {
			return name
		}
	}
	return ""
}

// Visit is what a client's request said before the pipe was there.
type Visit struct {
	User  hub.User   // who makes the request; without ID nobody, until a hello says who
	Err   error      // a credential was there and is no good
	Query url.Values // room, since, epoch, hello; of an HTTP door rooms, name

	// Of an HTTP door only.
	Session string // that the client had before, on whichever node
	Last    string // Last-Event-ID: the cursors that a stream goes on from
}

// helloWait is how long a client that announced a hello may take to say it.
const helloWait = 10 * time.Second

// Open begins a session on a pipe. It sends nothing before the first Drain.
func (g *Gateway) Open(p transport.Pipe, v Visit) transport.Handler {
	s := &session{Line: line.Line{Pipe: p}, home: g, visit: v}
	switch {
	case v.Query.Get("hello") == "1", v.Err == nil && v.User.ID == "":
		s.wait()
	case v.Err != nil:
		s.refuse("", v.Err)
	default:
		s.arrive(v.User)
	}
	return s
}

// arrive opens the session for the user of the request, and does what the URL asks.
func (s *session) arrive(u hub.User) {
	if err := s.connect(u); err != nil {
		s.refuse("", err)
		return
	}
	s.welcome("")
	s.enter()
}

// enter joins the room of the URL. The visit has then served.
func (s *session) enter() {
	q := s.visit.Query
	s.visit = Visit{}
	if !q.Has("room") {
		return
	}
	s.spoken = true
	j, err := wire.ParseJoin(q.Get("room"), q.Get("since"), q.Get("epoch"))
	if err != nil {
		s.misunderstood(err)
		return
	}
	s.join(j)
}
