package veche

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/internal/glob"
)

// Config says what a server is made of. The zero value is sensible.
type Config struct {
	// Data is the directory of what is to last: the rooms (veche.db) and the server's key (key). It is
	// made if need be. Empty means "veche-data". One process uses it at a time. With Store and Key it is
	// not used.
	Data string

	// Store holds the rooms in place of veche.db, so that several servers share them: each is a node, and
	// any client may talk to any of them at any time. Whoever gives it closes it, after the servers.
	Store hub.Store

	// Bus joins nodes that share a Store: by it they tell each other that there are new messages, who is
	// there, and signals. Without one a node hears of the others' messages only when it writes itself.
	// Whoever gives it closes it, after the servers.
	Bus hub.Bus

	// Key is the server's own secret, 32 bytes, in place of the file "key": nodes must have the same one,
	// or a client that one of them knows is a stranger to the others.
	Key []byte

	// InMemory keeps nothing on disk: Data is not used, all rooms are in memory, and after a restart
	// every guest is a new one. For tests and for games.
	InMemory bool

	// MemoryRooms are patterns (path.Match, and * also matches a slash) of rooms that live in memory
	// only, as a bounded ring of their last messages. Nil means "memory:*".
	MemoryRooms []string

	// TokenSecret signs tokens (HS256): at least 16 bytes, better 32. Nil means one derived from the
	// server's key, so that only [Server.Token] can make tokens.
	TokenSecret   []byte
	TokenIssuer   string // demanded in a token's "iss"; empty: any
	TokenAudience string // demanded in a token's "aud"; empty: any

	// NoGuests turns away who has no token and no client certificate.
	NoGuests bool

	// Authorizer decides who may do what where. Nil means the policy of package auth: everything in
	// public rooms, one's own inbox, and a token's "rooms". What the program itself sends is not asked
	// about.
	Authorizer hub.Authorizer

	// Origins are the foreign origins whose pages may come in, by WebSocket and by HTTP, such as
	// "https://example.com" or "https://*.example.com" (path.Match); "*" is all of them. The server's
	// own always may.
	Origins []string

	// TLS makes Serve speak it. LoadTLS reads one from files.
	TLS *tls.Config

	// NoWebSocketHTTP2 keeps WebSockets to HTTP/1.1. Without it Serve over TLS takes them as streams of
	// HTTP/2 too (RFC 8441), and says so: browsers then open theirs on the connection that they have. On an
	// http.Server of your own it has no effect: see package ws.
	NoWebSocketHTTP2 bool

	// Limits bounds what clients may make the server hold. Zero fields mean their defaults. Body is at
	// most 512 KiB.
	Limits Limits

	// Spread is the time over which clients are asked to come back after a Drain, each at a random
	// moment of it, so that they do not come all at once. Zero means 5 seconds.
	Spread time.Duration

	// Log gets what happens. Nil means slog.Default.
	Log *slog.Logger
}

const (
	defaultData   = "veche-data"
	defaultSpread = 5 * time.Second
)

// maxBody is the largest Limits.Body: with what is around it, it must fit a frame.
const maxBody = maxFrame / 2

// check refuses what could only fail later.
func (c *Config) check() error {
	if c.Store != nil && c.InMemory {
		return errors.New("veche: InMemory and a Store of one's own exclude each other")
	}
	if c.Limits.Body > maxBody {
		return fmt.Errorf("veche: a message's body cannot be larger than %d bytes", maxBody)
	}
	for _, pattern := range c.MemoryRooms {
		if !glob.Valid(pattern) {
			return fmt.Errorf("veche: %q is not a pattern of memory rooms", pattern)
		}
	}
	for _, pattern := range c.Origins {
		if !glob.Valid(pattern) {
			return fmt.Errorf("veche: %q is not a pattern of origins", pattern)
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Data == "" {
		c.Data = defaultData
	}
	if c.MemoryRooms == nil {
		c.MemoryRooms = []string{"memory:*"}
	}
	if c.Spread <= 0 {
		c.Spread = defaultSpread
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}
