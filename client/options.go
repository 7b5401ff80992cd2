package client

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Options are a client's. The zero value is sensible: a guest.
type Options struct {
	// Token gives the credential, a signed token. It is asked for each connection, and shortly before
	// the token expires, to renew it in place. "" means none. It must return when ctx ends.
	Token func(ctx context.Context) (string, error)
	// Name is a guest's name, at most 64 bytes; users with a token have theirs from it.
	Name string
	// Resume is Client.Resume of an earlier run, with which a guest stays the same user.
	Resume string
	// NoReceipts leaves telling the room what was received to Room.Receipt. Otherwise each message that
	// Next gives out counts as received.
	NoReceipts bool
	// MaxBackoff is the longest wait before a reconnect that the server did not ask for; waits are
	// random between nothing and 0.5 s, doubling up to this. Default, and maximum: 30 s.
	MaxBackoff time.Duration
	// Log gets what the connection does, at debug level, never a token or a body. Default: nothing is
	// logged.
	Log *slog.Logger

	// Header is added to the WebSocket's handshake: Origin, Cookie and the like.
	Header http.Header
	// TLSConfig is for wss and https.
	TLSConfig *tls.Config
	// Proxy chooses the HTTP proxy, as ws.DialOptions.Proxy does. Default: the environment's.
	Proxy func(*http.Request) (*url.URL, error)
	// DialContext makes the connection beneath. Default: a net.Dialer's.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	if d.MaxBackoff <= 0 || d.MaxBackoff > maxBackoff {
		d.MaxBackoff = maxBackoff
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return d
}
