package veche

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/gateway/native"
	"github.com/vechehq/veche/gateway/raw"
	bridge "github.com/vechehq/veche/gateway/socketio"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/internal/glob"
	"github.com/vechehq/veche/socketio"
	"github.com/vechehq/veche/store/memory"
	"github.com/vechehq/veche/store/sqlite"
	"github.com/vechehq/veche/transport"
)

// Server is one node: its rooms, and the doors to them. It is safe for concurrent use.
type Server struct {
	config   Config
	log      *slog.Logger
	auth     *auth.Auth
	hub      *hub.Hub
	hooks    hooks
	sockets  *transport.WebSocket
	streams  *transport.SSE
	polls    *transport.LongPoll
	native   *native.Gateway
	raw      *raw.Gateway
	bridge   *bridge.Gateway
	socketio *socketio.Server
	routes   http.Handler
	http     *http.Server // of Serve

	replies sync.WaitGroup // large answers to polls that are being written

	closing  sync.Once
	closeErr error // immutable after closing
}

// What docs/protocol.md promises of a WebSocket.
const (
	maxFrame     = 1 << 20 // bytes of a message of a client, and of an object of the native protocol
	pingInterval = 25 * time.Second
)

// New opens a server's data and returns it, ready for requests. Close it.
func New(c Config) (*Server, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	identities, err := auth.New(auth.Config{
		Key: key, Secret: c.TokenSecret, Issuer: c.TokenIssuer, Audience: c.TokenAudience, NoGuests: c.NoGuests,
	})
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, log: c.Log, auth: identities}
	if s.http, err = s.newHTTP(); err != nil {
		return nil, err
	}
	store, err := c.open()
	if err != nil {
		return nil, err
	}
	s.hub = hub.New(hub.Config{
		Store:      store,
		Memory:     memory.New(nil),
		Bus:        c.Bus,
		Kind:       c.kind,
		Authorizer: ownVoice{c.policy(identities)},
		Hooks:      s.hooks.hub(),
		Limits:     c.Limits,
		Log:        c.Log,
	})
	s.sockets = transport.NewWebSocket(transport.Options{
		MaxMessage: maxFrame, PingInterval: pingInterval,
		Compression: transport.CompressionNoTakeover, OriginPatterns: c.Origins,
	})
	s.streams = transport.NewSSE()
	s.polls = transport.NewLongPoll()
	s.native = native.New(native.Config{
		Hub: s.hub, Identity: identities, Server: "veche/" + Version(), Ping: pingInterval, Frame: maxFrame,
	})
	s.raw = raw.New(s.hub)
	s.bridge = bridge.New(bridge.Config{Hub: s.hub, Identity: identities})
	s.socketio = s.newSocketIO(store)
	s.routes = s.mux()
	return s, nil
}

// ServeHTTP is the whole server as a handler, for an http.Server or a mux of your own; it wants the
// paths as they are in package documentation, so it must be at the root of its host.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.hooks.freeze()
	s.routes.ServeHTTP(w, r)
}

// Token makes a token for a user: ID, Name, Expires (zero: never), and Claims, of which "rooms" (a
// []string of patterns) limits where it is good. The ids "server", "g-…" and "cert:…" are not to be
// had.
func (s *Server) Token(u User) (string, error) { return s.auth.Sign(u) }

func (c *Config) policy(identities *auth.Auth) hub.Authorizer {
	if c.Authorizer != nil {
		return c.Authorizer
	}
	return identities
}

func (c *Config) kind(room string) hub.Kind {
	for _, pattern := range c.MemoryRooms {
		if glob.Match(pattern, room) {
			return hub.Memory
		}
	}
	return hub.Durable
}

// key returns the server's key, which is made with the data directory.
func (c *Config) key() ([]byte, error) {
	switch {
	case c.Key != nil:
		return c.Key, nil
	case c.InMemory:
		return auth.NewKey(), nil
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("veche: the data directory: %w", err)
	}
	return auth.LoadKey(filepath.Join(c.Data, "key"))
}

func (c *Config) open() (hub.Store, error) {
	switch {
	case c.Store != nil:
		return lend(c.Store), nil
	case c.InMemory:
		return memory.New(nil), nil
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("veche: the data directory: %w", err)
	}
	store, err := sqlite.Open(filepath.Join(c.Data, "veche.db"), &sqlite.Options{Log: c.Log})
	if errors.Is(err, sqlite.ErrLocked) {
		return nil, fmt.Errorf("veche: the data directory %s is in use by another process: %w", c.Data, err)
	}
	return store, err
}
