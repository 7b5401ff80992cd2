// The WebSocket, over HTTP/1.1 or HTTP/2.

package contract

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"github.com/vechehq/veche/ws"
)

type socket struct {
	base, token string
	options     ws.DialOptions
	ears        *ears
	requests    int
	resume      string

	conn    *ws.Conn
	reading sync.WaitGroup
	gate    gate
}

func newSocket(base, token string, o ws.DialOptions) *socket {
	o.MaxMessage = 4 << 20
	o.Header = bearer(token) // for the balancer, who knows clients by it
	return &socket{base: base, token: token, options: o, ears: newEars()}
}

func (s *socket) told() *ears { return s.ears }

func (s *socket) Connect(ctx context.Context) error {
	url := "ws" + strings.TrimPrefix(s.base, "http") + "/ws?hello=1"
	conn, _, err := ws.Dial(ctx, url, &s.options)
	if err != nil {
		return err
	}
	s.conn = conn
	hello := Object{"type": "hello", "token": s.token}
	if s.resume != "" {
		hello["resume"] = s.resume
	}
	begin := s.ears.count()
	s.reading.Go(func() { s.read(conn) })
	if err := conn.Write(ctx, ws.Text, encode(hello)); err != nil {
		return err
	}
	welcome, _, err := s.ears.find(ctx, begin, func(o Object) bool { return o["type"] == "welcome" })
	if err != nil {
		return err
	}
	s.resume = welcome["resume"].(string)
	for _, join := range s.joins() {
		if _, err := s.Say(ctx, join); err != nil {
			return err
		}
	}
	return nil
}

// joins says where the client was.
func (s *socket) joins() (all []Object) {
	s.ears.mu.Lock()
	defer s.ears.mu.Unlock()
	for room, p := range s.ears.places {
		join := Object{"type": "join", "room": room, "epoch": p.epoch}
		if p.since != nil {
			join["since"] = *p.since
		}
		all = append(all, join)
	}
	return all
}

func (s *socket) read(conn *ws.Conn) {
	for {
		s.gate.pass()
		_, text, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		if o, err := decode(text); err == nil {
			s.ears.hear(o)
		}
	}
}

func (s *socket) Say(ctx context.Context, o Object) (Object, error) {
	s.requests++
	id := strconv.Itoa(s.requests)
	said := Object{"id": id}
	for k, v := range o {
		said[k] = v
	}
	if o["type"] == nil {
		id = ""
	}
	s.note(o)
	begin := s.ears.count()
	if err := s.conn.Write(ctx, ws.Text, encode(said)); err != nil {
		return nil, err
	}
	answer, _, err := s.ears.find(ctx, begin, func(o Object) bool {
		if id == "" {
			return o["type"] == "error" && o["id"] == nil
		}
		return o["id"] == id
	})
	return answer, err
}

// note keeps in which rooms the client wants to be.
func (s *socket) note(o Object) {
	room, _ := o["room"].(string)
	s.ears.mu.Lock()
	defer s.ears.mu.Unlock()
	switch o["type"] {
	case "join":
		p := &place{}
		if since, ok := o["since"].(float64); ok && since >= 0 {
			n := int64(since)
			p.since = &n
		}
		if s.ears.places[room] == nil {
			s.ears.places[room] = p
		}
	case "leave":
		delete(s.ears.places, room)
	}
}

func (s *socket) Stall(stalled bool) { s.gate.shut(stalled) }

func (s *socket) Cut() {
	s.conn.CloseNow()
	s.gate.shut(false)
	s.reading.Wait()
}

func (s *socket) Leave() {
	_ = s.conn.Close(ws.StatusNormal, "")
	s.Cut()
}

// gate is open, or shut.
type gate struct {
	mu sync.Mutex
	to chan struct{} // nil while open
}

func (g *gate) pass() {
	g.mu.Lock()
	to := g.to
	g.mu.Unlock()
	if to != nil {
		<-to
	}
}

func (g *gate) shut(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case shut && g.to == nil:
		g.to = make(chan struct{})
	case !shut && g.to != nil:
		close(g.to)
		g.to = nil
	}
}
