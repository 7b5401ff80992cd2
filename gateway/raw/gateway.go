package raw

import (
	"net/url"
	"strings"

	"github.com/vechehq/veche/gateway/line"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// Gateway is the raw door of a hub. It is safe for concurrent use.
type Gateway struct {
	hub *hub.Hub
}

// New returns a gateway.
func New(h *hub.Hub) *Gateway { return &Gateway{hub: h} }

// tokenPrefix begins subprotocol entries that carry a token.
const tokenPrefix = "veche.token."

// Protocol chooses among the subprotocols that a client offers: the first that is no token, so that
// clients which insist on theirs are content.
func Protocol(offered []string) string {
	for _, name := range offered {
		if !strings.HasPrefix(name, tokenPrefix) {
			return name
		}
	}
	return ""
}

// Visit is what a client's request said before the pipe was there.
type Visit struct {
	User  hub.User   // who makes the request; without ID nobody, who is refused
	Err   error      // a credential was there and is no good
	Room  string     // of the path
	Query url.Values // since, welcome, echo
}

// Open begins a session on a pipe. It sends nothing before the first Drain.
func (g *Gateway) Open(p transport.Pipe, v Visit) transport.Handler {
	s := &session{Line: line.Line{Pipe: p}, greet: v.Query.Get("welcome") == "1", quiet: v.Query.Get("echo") == "0"}
	if err := s.open(g.hub, v); err != nil {
		s.part(err)
	}
	return s
}

func (s *session) open(h *hub.Hub, v Visit) error {
	switch {
	case v.Err != nil:
		return v.Err
	case v.User.ID == "":
		return &hub.Error{Code: hub.CodeUnauthorized, Message: "a token is required here"}
	}
	j, err := wire.ParseJoin(v.Room, v.Query.Get("since"), "")
	if err != nil {
		return badRequest(err)
	}
	hs, err := h.Connect(v.User, s)
	if err != nil {
		return err
	}
	s.Open(hs)
	s.join(hs, j)
	return nil
}

func badRequest(err error) *hub.Error {
	e := &hub.Error{Code: hub.CodeBadRequest, Message: err.Error()}
	if de, ok := err.(*wire.DecodeError); ok {
		e.Message = de.Reason
	}
	return e
}
