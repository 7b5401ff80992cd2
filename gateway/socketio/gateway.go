package socketio

import (
	"encoding/json"

	"github.com/vechehq/veche/gateway/line"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/socketio"
	wire "github.com/vechehq/veche/wire/native"
)

// Identity says who is who. Errors should be *hub.Error: CodeUnauthorized or CodeExpired.
type Identity interface {
	// Token returns the user of a token.
	Token(token string) (hub.User, error)
	// Resume returns the user and the socket of a pid that Issue made.
	Resume(token string) (u hub.User, socket string, err error)
	// Issue makes a pid; empty if there is none to be had.
	Issue(u hub.User, socket string) string
}

// Config says what a gateway is made of. Both are required.
type Config struct {
	Hub      *hub.Hub
	Identity Identity
}

// Visitor is who makes a connection's first request: what socketio.Options.Greet returns.
type Visitor struct {
	User hub.User // without ID nobody, until auth says who
	Err  error    // a credential was there and is no good
}

// Gateway is the bridge. It is safe for concurrent use.
type Gateway struct{ config Config }

// New returns a gateway.
func New(c Config) *Gateway { return &Gateway{c} }

// Serve makes a namespace the bridge's.
func (g *Gateway) Serve(n *socketio.Namespace) {
	n.Use(g.enter)
	n.Recover(g)
}

// auth is what a client may give to come in. pid is socket.io-client's own.
type auth struct {
	Token string `json:"token"`
	Name  string `json:"name"`
	PID   string `json:"pid"`
}

// enter opens the hub session of a socket, or refuses it.
func (g *Gateway) enter(s *socketio.Socket) error {
	h := s.Handshake()
	var a auth
	if json.Unmarshal(h.Auth, &a) != nil {
		return refusal(&hub.Error{Code: hub.CodeBadRequest, Message: "auth is not an object of strings"})
	}
	u, err := g.identify(h.Visitor, a)
	if err != nil {
		return refusal(err)
	}
	ss := &session{socket: s, home: g}
	ss.Pipe = exit{s.Pipe(), s}
	if err := ss.connect(u); err != nil {
		return refusal(err)
	}
	s.Attach(ss)
	return nil
}

// identify says who a client is: by its token, else by its request's credential, else by its pid, else as a guest.
func (g *Gateway) identify(visitor any, a auth) (hub.User, error) {
	v, _ := visitor.(Visitor)
	if a.Token != "" {
		return g.config.Identity.Token(a.Token)
	}
	if v.Err != nil {
		return hub.User{}, v.Err
	}
	u := v.User
	if a.PID != "" && (u.ID == "" || u.Guest) {
		if before, _, err := g.config.Identity.Resume(a.PID); err == nil { // else it is as if there was none
			u = before
		}
	}
	if u.ID == "" {
		return u, &hub.Error{Code: hub.CodeUnauthorized, Message: "a token is required here"}
	}
	if u.Guest && a.Name != "" {
		u.Name = a.Name
	}
	return u, nil
}

// refusal makes an error for a connect_error: its data has the code.
func refusal(err error) error {
	e := hub.AsError(err)
	return &socketio.Error{Message: e.Message, Data: struct {
		Code  string `json:"code"`
		Retry bool   `json:"retry"`
	}{string(e.Code), e.Retry}}
}

// connect opens a hub session in place of the one before.
func (s *session) connect(u hub.User) error {
	hs, err := s.home.config.Hub.Connect(u, s)
	if err != nil {
		return err
	}
	if before := s.Open(hs); before != nil {
		before.Close(nil)
	}
	return nil
}

var _ interface {
	hub.Sink
	socketio.Source
} = (*session)(nil)

// part sends the client away, after a bye.
func (s *session) part(bye *wire.Bye, cause error) {
	s.Part(&line.Farewell{
		Say:    func() { s.say("bye", bye) },
		Code:   wire.CloseCode(bye.Code, bye.Retry),
		Reason: bye.Code + ": " + bye.Message,
		Cause:  cause,
	})
}
