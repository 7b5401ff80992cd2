package ws

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// Options are what both ends may set. The zero value is sensible.
type Options struct {
	// MaxMessage is the largest message that is taken, in bytes of its content, also after
	// decompression. A larger one closes the connection with StatusTooBig. Default 1 MiB.
	MaxMessage int64
	// SendBuffer is how many bytes may wait to be sent; see Conn.Send. Default 1 MiB.
	SendBuffer int
	// WriteTimeout is how long a peer may take nothing while something waits to be sent. After it
	// the connection is dropped with a *TimeoutError. Default 10 s.
	WriteTimeout time.Duration
	// CloseTimeout bounds the closing handshake, from the moment when the first close frame is
	// queued on this side until the connection is released. Default 5 s.
	CloseTimeout time.Duration
	// PingInterval is the time between pings that the connection sends by itself. Default: none.
	// The pull form notices the answers only while a Read is pending.
	PingInterval time.Duration
	// PongTimeout is how long after such a ping the peer may stay silent; anything that arrives
	// counts as a sign of life. The time counts only while the connection waits for the peer, not
	// while it is paused or nobody reads. Default and maximum: PingInterval.
	PongTimeout time.Duration
	// Compression chooses permessage-deflate. A server then also answers the deflate-frame and
	// x-webkit-deflate-frame of clients that offer nothing newer. Default: CompressionOff.
	Compression Compression
	// WindowBits is the binary logarithm of how many bytes the peer's compressed messages may refer
	// back to, 8 to 15: with takeover the connection keeps so many. A peer that cannot limit itself
	// does without takeover, as client, or without compression, as server. Default 15, 32 KiB.
	WindowBits int
	// Mode chooses how connections are served in the push form. Default: ModeAuto.
	Mode Mode
	// Log is told of panics in handlers. Default: slog.Default().
	Log *slog.Logger
	// CompressionThreshold is the size in bytes under which messages are sent as they are. Default
	// 512, and 128 with context takeover.
	CompressionThreshold int
}

// Mode is a way to serve connections in the push form. It shows in speed and memory only.
type Mode byte

const (
	// ModeAuto has event loops serve plain TCP and Unix sockets on Linux, one loop per processor, and
	// a goroutine each other connection. On a loop a handler that blocks holds up all connections of
	// that loop.
	ModeAuto Mode = iota
	// ModeGoroutine has a goroutine serve each connection.
	ModeGoroutine
)

// Compression says how permessage-deflate is negotiated.
type Compression byte

const (
	// CompressionOff declines the extension.
	CompressionOff Compression = iota
	// CompressionNoTakeover compresses each message by itself; connections keep no state for it.
	CompressionNoTakeover
	// CompressionTakeover lets messages refer to earlier ones if the peer agrees, which is what
	// makes small messages small, for at most 36 KiB a connection: the window of what is received,
	// see WindowBits, and 4 KiB of what was sent. Each grows with what was said, and is there only
	// after a compressed message went that way.
	CompressionTakeover
)

// AcceptOptions are a server's. The zero value is sensible.
type AcceptOptions struct {
	Options
	// Subprotocols are those that the server speaks, the one that it likes best first.
	Subprotocols []string
	// SelectSubprotocol chooses instead: it gets what the client offers and returns one of these, or
	// "" for none.
	SelectSubprotocol func(offered []string) string
	// OriginPatterns are the origins from which browsers may connect, beside the server's own. A
	// pattern is a host as in path.Match, with its port unless that is the scheme's default one
	// ("*.example.com", "localhost:*"), or a scheme and a host ("https://example.com"). "*" allows
	// every origin. Requests without an Origin header do not come from browsers and are allowed.
	OriginPatterns []string
	// Header is added to the answer: Set-Cookie and the like.
	Header http.Header
	// MaxHandshake is the largest request header in bytes; the server's MaxHeaderBytes comes before
	// it. Default 32 KiB.
	MaxHandshake int
	// HandshakeTimeout bounds the writing of the answer. Default 10 s.
	HandshakeTimeout time.Duration
}

// DialOptions are a client's. The zero value is sensible.
type DialOptions struct {
	Options
	// Header is added to the request: Origin, Cookie, Authorization; Host replaces the URL's.
	Header http.Header
	// Subprotocols are offered, the one that the client likes best first.
	Subprotocols []string
	// TLSConfig is for wss and https, and for https proxies too, but for its ServerName.
	TLSConfig *tls.Config
	// Proxy chooses the HTTP proxy, http:// or https://, that is asked by CONNECT for a way to the
	// server, and nil for none. It gets the handshake's request, whose URL begins with http or https,
	// and must not change it. The user and password in the proxy's URL become Proxy-Authorization.
	// Default: http.ProxyFromEnvironment, which obeys HTTP_PROXY for ws, HTTPS_PROXY for wss, and
	// NO_PROXY, and never chooses a proxy for localhost and loopback addresses.
	Proxy func(*http.Request) (*url.URL, error)
	// Jar adds cookies to the request, beside those in Header, and keeps those of the answer, also
	// when it is a refusal. Default: none.
	Jar http.CookieJar
	// DialContext makes the connection beneath, to the server or its proxy. Default: a net.Dialer's.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// HTTP2 makes the connection a stream of one of these connections to a wss:// server: RFC 8441.
	// Default: HTTP/1.1 on a connection of its own.
	HTTP2 *HTTP2
	// MaxHandshake is the largest header of an answer, with the 1xx answers before it, the server's and
	// the proxy's each, in bytes.
	// Default 32 KiB.
	MaxHandshake int
	// HandshakeTimeout bounds the whole of Dial, beside its context. Default 30 s.
	HandshakeTimeout time.Duration
}

const (
	defaultMaxMessage   = 1 << 20
	defaultSendBuffer   = 1 << 20
	defaultWriteTimeout = 10 * time.Second
	defaultCloseTimeout = 5 * time.Second
	defaultMaxHandshake = 32 << 10
	defaultThreshold    = 512
	takeoverThreshold   = 128
	maxRefusalBody      = 1 << 10
)

// withDefaults returns the options with every zero replaced.
func (o Options) withDefaults() Options {
	orDefault(&o.MaxMessage, defaultMaxMessage)
	orDefault(&o.SendBuffer, defaultSendBuffer)
	orDefault(&o.WriteTimeout, defaultWriteTimeout)
	orDefault(&o.CloseTimeout, defaultCloseTimeout)
	if o.PongTimeout <= 0 || o.PongTimeout > o.PingInterval {
		o.PongTimeout = o.PingInterval
	}
	return o
}

// lastOptions are those of the connection made last.
var lastOptions atomic.Pointer[Options]

// shareOptions returns a pointer to o: the connections of one server have the same options, and share
// them.
func shareOptions(o Options) *Options {
	if last := lastOptions.Load(); last != nil && *last == o {
		return last
	}
	shared := new(Options) // not &o, which would cost each call its memory
	*shared = o
	lastOptions.Store(shared)
	return shared
}

func orDefault[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}
