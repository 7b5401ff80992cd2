package veche

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/vechehq/veche/internal/h2"
	"github.com/vechehq/veche/transport"
)

// Bounds of a request that is not, or not yet, a WebSocket.
const (
	headerPatience = 10 * time.Second // until all headers are here
	readPatience   = 30 * time.Second
	writePatience  = 60 * time.Second
	idlePatience   = 2 * time.Minute // between two requests of a connection
	maxHeader      = 32 << 10        // bytes; the largest token is 8 KiB
)

// Bounds of a connection of HTTP/2. Together the windows of its streams fit into its own, so that one which
// is not read, as a WebSocket that is paused, holds up no other.
const (
	maxStreams   = 1000             // at once, WebSockets among them; browsers have at most 256
	streamWindow = 128 << 10        // bytes that a client may send before they are read
	deafPatience = 30 * time.Second // a connection that takes not a byte is closed
)

func (s *Server) newHTTP() (*http.Server, error) {
	srv := &http.Server{
		Handler:           s,
		BaseContext:       transport.DoorContext,
		TLSConfig:         s.config.TLS.Clone(),
		ReadHeaderTimeout: headerPatience,
		ReadTimeout:       readPatience,
		WriteTimeout:      writePatience,
		IdleTimeout:       idlePatience,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // strangers' mistakes
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          maxStreams,
			MaxReceiveBufferPerStream:     streamWindow,
			MaxReceiveBufferPerConnection: maxStreams * streamWindow,
			WriteByteTimeout:              deafPatience,
		},
	}
	if s.config.TLS == nil || s.config.NoWebSocketHTTP2 {
		return srv, nil
	}
	if err := h2.ExtendConnect(srv); err != nil {
		return nil, fmt.Errorf("veche: %w", err)
	}
	return srv, nil
}

// ListenAndServe listens on a TCP address and serves until Close.
func (s *Server) ListenAndServe(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("veche: %w", err)
	}
	return s.Serve(l)
}

// Serve serves a listener until Close, then returns nil. With Config.TLS it speaks TLS on it. It
// closes the listener. Several may be served at once.
func (s *Server) Serve(l net.Listener) error {
	s.hooks.freeze()
	err := s.serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("veche: serving %s: %w", l.Addr(), err)
}

func (s *Server) serve(l net.Listener) error {
	if s.config.TLS != nil {
		return s.http.ServeTLS(l, "", "")
	}
	return s.http.Serve(transport.Door(l, s.http, "/poll", "/events"))
}
