package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/vechehq/veche/internal/deadline"
	"github.com/vechehq/veche/transport"
	"github.com/vechehq/veche/transport/engineio"
	wire "github.com/vechehq/veche/wire/socketio"
)

// Options of a server. The zero value is sensible, and npm's where npm has one.
type Options struct {
	PingInterval   time.Duration // between pings; 25 s
	PingTimeout    time.Duration // for a pong; 20 s
	UpgradeTimeout time.Duration // for an upgrade to be completed; 10 s
	ConnectTimeout time.Duration // for a client to join a namespace; 45 s
	MaxPayload     int           // bytes of a request or WebSocket message, and of a packet with its attachments; 1,000,000
	Buffer         int           // bytes that may wait for a client; 4 MiB. Above it the client is cut off
	Connections    int           // that live at a time; 1,000,000
	Cookie         string        // name of a cookie with the connection's sid; empty: none
	Compression    transport.Compression

	// Origins are those of pages beside the server's own, such as "https://example.com"; "*" is all.
	Origins []string
	// Transports are those that clients may use; nil means both, "polling" and "websocket".
	Transports []string
	// Greet looks at the first request of each connection, and may refuse it or add to the answer's headers. What it returns is
	// in the Handshake of the client's sockets.
	Greet func(r *http.Request, answer http.Header) (visitor any, err error)
	// Refused is told of requests that are refused: Socket.IO's connection_error. Codes are those of Engine.IO: 0 an unknown
	// transport, 1 an unknown sid, 2 a bad handshake method, 3 a bad request, 4 forbidden, 5 an unsupported revision.
	Refused func(r *http.Request, code int, message string)
	// Link joins the nodes of one application: what is emitted on one reaches the sockets of all, and each request of a client
	// may reach any of them. Nil means that there is one node.
	Link Link
	// Recovery makes all namespaces Recoverable; nil means those that are made so.
	Recovery *RecoveryOptions
	// Journal is where Recoverable namespaces keep things. Nil means in memory.
	Journal Journal
	// Log gets what happens. Nil means slog.Default.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = 45 * time.Second
	}
	if o.MaxPayload <= 0 {
		o.MaxPayload = 1_000_000
	}
	if o.Buffer <= 0 {
		o.Buffer = 4 << 20
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Server is a Socket.IO server, and its default namespace. It is safe for concurrent use.
type Server struct {
	*Namespace // "/"

	options    Options
	engine     *engineio.Server
	link       Link   // nil if there is one node
	unlink     func() // ends the subscription
	nodes      *nodes // nil if there is one node
	goroutines sync.WaitGroup
	waiting    *deadline.Timers[*client] // for clients that are in no namespace

	mu         sync.Mutex // guards what follows
	namespaces map[string]*Namespace
	parents    []*Parent
	appear     []func(*Namespace) // never changed, but replaced
	closed     bool
}

// New returns a server. Close it. Nil options are the defaults.
func New(o *Options) *Server {
	io := &Server{namespaces: make(map[string]*Namespace)}
	if o != nil {
		io.options = *o
	}
	io.options = io.options.withDefaults()
	io.Namespace = newNamespace(io, wire.Root)
	io.namespaces[wire.Root] = io.Namespace
	io.unlink = func() {}
	io.waiting = deadline.New((*client).overdue, io.options.ConnectTimeout)
	var engineLink Link
	if l := io.options.Link; l != nil {
		engineLink, io.link = tagged{l, forEngine}, tagged{l, forRooms}
		io.nodes = newNodes(io)
		io.unlink = io.link.Subscribe(io.hear)
		io.nodes.open()
	}
	io.engine = engineio.NewServer(engineio.Options{
		PingInterval: io.options.PingInterval, PingTimeout: io.options.PingTimeout,
		UpgradeTimeout: io.options.UpgradeTimeout, MaxPayload: io.options.MaxPayload,
		Connections: io.options.Connections, Cookie: io.options.Cookie, Compression: io.options.Compression,
		OriginPatterns: io.options.Origins, Transports: io.options.Transports, Link: engineLink, Refused: io.options.Refused,
	}, io.open)
	return io
}

// ServeHTTP serves one request of a client.
func (io *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { io.engine.ServeHTTP(w, r) }

// Connections is how many clients are connected, whether they have joined a namespace or not.
func (io *Server) Connections() int { return io.engine.Len() }

// Of returns the namespace of a name, which begins with a slash, and makes it.
func (io *Server) Of(name string) *Namespace {
	if name == "" || name[0] != '/' {
		name = "/" + name
	}
	return io.make(name, nil)
}

// OnNamespace adds a function that is called for each namespace that is made from now on, by Of or for a client, before anybody is in
// it: Socket.IO's new_namespace.
func (io *Server) OnNamespace(f func(*Namespace)) {
	io.mu.Lock()
	defer io.mu.Unlock()
	io.appear = append(io.appear[:len(io.appear):len(io.appear)], f)
}

// make returns the namespace of a name, and makes it if it is not there.
func (io *Server) make(name string, p *Parent) *Namespace {
	io.mu.Lock()
	n, ok := io.namespaces[name]
	if !ok {
		n = newNamespace(io, name)
		if p != nil {
			n.inherit(p)
		}
		io.namespaces[name] = n
	}
	appear := io.appear
	io.mu.Unlock()
	if !ok {
		for _, f := range appear {
			f(n)
		}
	}
	return n
}

// Parent makes namespaces when clients first ask for them; each has the parent's middleware and handlers. One that the last
// socket has left is forgotten.
type Parent struct {
	match func(name string, auth json.RawMessage) bool
	model *Namespace
}

// OfRegexp lets clients into all namespaces whose whole name matches.
func (io *Server) OfRegexp(name *regexp.Regexp) *Parent {
	return io.OfFunc(func(s string, _ json.RawMessage) bool { return name.MatchString(s) })
}

// OfFunc lets clients into all namespaces that match says yes to, by the name and what the client gives as auth.
func (io *Server) OfFunc(match func(name string, auth json.RawMessage) bool) *Parent {
	p := &Parent{match: match, model: newNamespace(io, "")}
	io.mu.Lock()
	defer io.mu.Unlock()
	io.parents = append(io.parents, p)
	return p
}

// Use adds middleware, as Namespace.Use.
func (p *Parent) Use(f func(*Socket) error) { p.model.Use(f) }

// OnConnection adds a handler, as Namespace.OnConnection.
func (p *Parent) OnConnection(f func(*Socket)) { p.model.OnConnection(f) }

// On adds a handler, as Namespace.On.
func (p *Parent) On(event string, f func(*Socket)) { p.model.On(event, f) }

// Emit sends an event to all sockets of the namespaces that the parent has made.
func (p *Parent) Emit(event string, args ...any) error {
	io := p.model.server
	var children []*Namespace
	io.mu.Lock()
	for _, n := range io.namespaces {
		if n.parent == p {
			children = append(children, n)
		}
	}
	io.mu.Unlock()
	var errs []error
	for _, n := range children {
		errs = append(errs, n.Emit(event, args...))
	}
	return errors.Join(errs...)
}

// namespace returns the namespace that a client may join, nil if there is none.
func (io *Server) namespace(name string, auth json.RawMessage) *Namespace {
	io.mu.Lock()
	n, parents := io.namespaces[name], io.parents
	io.mu.Unlock()
	if n != nil {
		return n
	}
	for _, p := range parents {
		if p.match(name, auth) {
			return io.make(name, p)
		}
	}
	return nil
}

// inherit takes over what the parent has. No one else knows n.
func (n *Namespace) inherit(p *Parent) {
	n.parent = p
	p.model.mu.Lock()
	defer p.model.mu.Unlock()
	n.middleware, n.connection = p.model.middleware, p.model.connection
}

// forget lets go of a parent's namespace that nobody is in.
func (io *Server) forget(n *Namespace) {
	io.mu.Lock()
	defer io.mu.Unlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.sockets) == 0 && io.namespaces[n.name] == n {
		delete(io.namespaces, n.name)
	}
}

// Close lets nobody in any more, disconnects everybody and waits for their handlers, until ctx ends.
func (io *Server) Close(ctx context.Context) error {
	io.mu.Lock()
	io.closed = true
	io.mu.Unlock()
	if io.nodes != nil {
		io.nodes.close()
	}
	io.unlink()
	err := io.engine.Close(ctx)
	idle := make(chan struct{})
	go func() {
		io.goroutines.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
		err = ctx.Err()
	}
	return err
}

// spawn starts a goroutine that Close waits for.
func (io *Server) spawn(f func()) bool {
	io.mu.Lock()
	defer io.mu.Unlock()
	if io.closed {
		return false
	}
	io.goroutines.Go(f)
	return true
}
