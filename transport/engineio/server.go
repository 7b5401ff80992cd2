package engineio

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"github.com/vechehq/veche/internal/deadline"
	"github.com/vechehq/veche/transport"
)

// Options of a server. The zero value is sensible, and npm's.
type Options struct {
	PingInterval   time.Duration // between the answer to a ping and the next; 25 s
	PingTimeout    time.Duration // silence after a ping that ends the connection; 20 s
	UpgradeTimeout time.Duration // for a probing WebSocket to complete the upgrade; 10 s
	MaxPayload     int           // bytes of a request's body or a WebSocket message; 1,000,000
	Connections    int           // that live at a time; 1,000,000
	Cookie         string        // name of a cookie that holds the sid; empty: none
	Compression    transport.Compression
	OriginPatterns []string // origins of pages beside the server's own, as in transport.Options; "*" is all

	// Refused is told of requests that are refused, on their goroutines, with the protocol's code and message, as the client is. What
	// another node refuses is not told.
	Refused func(r *http.Request, code int, message string)

	// Link joins nodes behind one load balancer: each request of a client may then reach any of them. Node names this one
	// among them, without a dot; empty means a random name.
	Link Link
	Node string

	// Transports are those that clients may use; nil means "polling" and "websocket".
	Transports []string
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&o.PingInterval, 25 * time.Second}, {&o.PingTimeout, 20 * time.Second}, {&o.UpgradeTimeout, 10 * time.Second}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if o.MaxPayload <= 0 {
		o.MaxPayload = 1_000_000
	}
	if o.Connections <= 0 {
		o.Connections = 1_000_000
	}
	if o.Node == "" {
		o.Node = rand.Text()[:8]
	}
	if o.Transports == nil {
		o.Transports = []string{Polling, WebSocket}
	}
	return o
}

// The transports' names.
const (
	Polling   = "polling"
	WebSocket = "websocket"
)

// Open makes the handler of a new connection. It may add to the headers of the answer, such as a cookie. It may
// Pause the pipe, but sends and closes only when first drained. An error refuses the connection, with 403.
type Open func(c *Conn, r *http.Request, answer http.Header) (transport.Handler, error)

// Server serves Engine.IO on one path. It is safe for concurrent use.
type Server struct {
	options Options
	open    Open
	sockets *transport.WebSocket
	relay   *relay // nil without a Link
	alarms  *deadline.Timers[*Conn]
	ends    sync.WaitGroup // of connections that are being ended, and of requests for other nodes

	mu      sync.Mutex // guards what follows
	conns   map[secret]*Conn
	closing bool          // nobody is let in
	empty   chan struct{} // closed when closing and nothing is left
}

// never is a ping interval for sockets whose heartbeat is the protocol's own.
const never = 1 << 20 * time.Second

// NewServer returns a server. Close it.
func NewServer(o Options, open Open) *Server {
	o = o.withDefaults()
	s := &Server{
		options: o,
		open:    open,
		sockets: transport.NewWebSocket(transport.Options{
			MaxMessage: int64(o.MaxPayload), PingInterval: never, Compression: o.Compression,
			OriginPatterns: o.OriginPatterns,
		}),
		conns:  make(map[secret]*Conn),
		empty:  make(chan struct{}),
		alarms: deadline.New((*Conn).beat, o.PingInterval, o.PingTimeout, farewell),
	}
	if o.Link != nil {
		s.relay = newRelay(s, o.Link, o.Node)
	}
	return s
}

// Options returns the options in force.
func (s *Server) Options() Options { return s.options }

// Len is how many connections live.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Close lets nobody in any more, ends all connections in order, and waits until all handlers have had their
// Closed. When ctx ends the rest is cut off, and waited for.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closing {
		s.closing = true
		s.leave()
	}
	s.mu.Unlock()
	s.each(func(c *Conn) { c.shut(ErrShutdown) })
	var err error
	select {
	case <-s.empty:
	case <-ctx.Done():
		err = ctx.Err()
		s.each(func(c *Conn) { c.fail(ErrShutdown) })
		if s.relay != nil {
			s.relay.cut()
		}
		<-s.empty
	}
	err2 := s.sockets.Close(ctx)
	if s.relay != nil {
		s.relay.close()
	}
	s.ends.Wait()
	if err == nil {
		err = err2
	}
	return err
}

func (s *Server) each(f func(*Conn)) {
	s.mu.Lock()
	all := make([]*Conn, 0, len(s.conns))
	for _, c := range s.conns {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		f(c)
	}
}

// add lets a connection in, if there is room.
func (s *Server) add(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || len(s.conns) >= s.options.Connections {
		return false
	}
	s.conns[c.secret] = c
	return true
}

// find returns the connection of a sid, nil if there is none here.
func (s *Server) find(sid string) *Conn {
	k, ok := s.secretOf(sid)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[k]
}

func (s *Server) remove(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c.secret)
	s.leave()
}

// leave closes empty when the last one has gone. mu is held.
func (s *Server) leave() {
	if !s.closing || len(s.conns) > 0 {
		return
	}
	select {
	case <-s.empty:
	default:
		close(s.empty)
	}
}
