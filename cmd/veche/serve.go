package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"syscall"
	"time"

	"github.com/vechehq/veche"
)

type serveCmd struct {
	Listen      string        `default:"localhost:8080" placeholder:"ADDR" help:"Address to listen on, host:port; port 0 takes a free one. (${default})"`
	Origin      []string      `placeholder:"URL" help:"Foreign origin whose pages may connect, such as https://example.com or https://*.example.com. May be repeated. The server's own always may."`
	Guests      bool          `default:"true" negatable:"" help:"Let in who has no token and no certificate, as a guest. (${default})"`
	MemoryRooms []string      `default:"memory:*" placeholder:"PATTERN" help:"Rooms that live in memory only, for games and cursors. May be repeated. (${default})"`
	Drain       time.Duration `default:"10s" placeholder:"TIME" help:"When asked to stop: clients come back spread over this time, and are waited for no longer. (${default})"`

	TLSCert        string `name:"tls-cert" group:"TLS" placeholder:"FILE" help:"Certificate chain in PEM. Changed files are read again by themselves."`
	TLSKey         string `name:"tls-key" group:"TLS" placeholder:"FILE" help:"Its private key."`
	TLSClientCA    string `name:"tls-client-ca" group:"TLS" placeholder:"FILE" help:"Authorities of client certificates. The certificate's name is the user: cert:NAME."`
	TLSClientAuth  string `name:"tls-client-auth" group:"TLS" enum:"require,optional" default:"require" placeholder:"HOW" help:"Whether every client must have a certificate: require or optional. (${default})"`
	WebsocketHTTP2 bool   `name:"websocket-http2" env:"VECHE_WEBSOCKET_HTTP2" group:"TLS" default:"true" negatable:"" help:"Take WebSockets over HTTP/2 too, as streams of the connection that a browser has already (RFC 8441). (${default})"`

	MaxBody     int `group:"Limits" default:"65536" placeholder:"BYTES" help:"Largest body of a message. (${default})"`
	MaxSessions int `group:"Limits" default:"1000000" placeholder:"N" help:"Connections in rooms at a time. (${default})"`
	MaxRooms    int `group:"Limits" default:"100000" placeholder:"N" help:"Rooms in use at a time. (${default})"`

	LogLevel  slog.Level `group:"Log" default:"info" placeholder:"LEVEL" help:"debug, info, warn or error. (${default})"`
	LogFormat string     `group:"Log" enum:"text,json" default:"text" placeholder:"FORMAT" help:"text or json. (${default})"`

	FaultDisk bool `hidden:"" env:"-" help:"Keep the rooms on a disk that fails as standard input says, for veche prove."`
}

func (s *serveCmd) Help() string {
	return "SIGTERM or Ctrl-C drains: /readyz answers 503, clients are asked to come back a little later, everything accepted is written, exit code 0. A second one ends at once, exit code 1. /healthz says that the process answers, /readyz that clients may be sent to it. docs/operations.md tells more."
}

// Run serves until a signal comes, and drains then.
func (s *serveCmd) Run(c *cli, w world) (err error) {
	log := s.logger(w.stderr)
	config, err := s.config(c, log)
	if err != nil {
		return err
	}
	if s.FaultDisk {
		closeStore, err := withFaultDisk(&config, log, w.stdout)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, closeStore()) }()
	}
	l, err := listen(s.Listen)
	if err != nil {
		return err
	}
	srv, err := veche.New(config)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	greet(w.stdout, s.Listen, l.Addr(), config.TLS != nil)
	log.Info("serving", "addr", l.Addr().String(), "data", c.Data, "version", veche.Version())

	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	select {
	case err := <-served: // only by an error of the listener
		return errors.Join(err, s.stop(srv, w))
	case sig := <-w.signals:
		log.Info("draining", "signal", sig.String(), "patience", s.Drain)
	}
	err = s.stop(srv, w)
	if errors.Is(err, errForced) {
		return err // and leave behind what still runs
	}
	return errors.Join(err, <-served)
}

var errForced = errors.New("ended at once, by the second signal")

// stop drains and closes the server, as long as no further signal comes.
func (s *serveCmd) stop(srv *veche.Server, w world) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.Drain)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- srv.Close(ctx) }()
	select {
	case err := <-closed:
		return err
	case <-w.signals:
		return errForced
	}
}

func (s *serveCmd) config(c *cli, log *slog.Logger) (veche.Config, error) {
	secret, err := c.Tokens.secret()
	if err != nil {
		return veche.Config{}, err
	}
	tlsConfig, err := s.tls(log)
	if err != nil {
		return veche.Config{}, err
	}
	return veche.Config{
		Data:          c.Data,
		MemoryRooms:   s.MemoryRooms,
		TokenSecret:   secret,
		TokenIssuer:   c.Tokens.TokenIssuer,
		TokenAudience: c.Tokens.TokenAudience,
		NoGuests:      !s.Guests,
		Origins:       s.Origin,
		TLS:           tlsConfig,

		NoWebSocketHTTP2: !s.WebsocketHTTP2,

		Limits: veche.Limits{Body: s.MaxBody, Sessions: s.MaxSessions, Rooms: s.MaxRooms},
		Spread: s.Drain,
		Log:    log,
	}, nil
}

func (s *serveCmd) tls(log *slog.Logger) (*tls.Config, error) {
	switch {
	case s.TLSCert == "" && s.TLSKey == "" && s.TLSClientCA == "":
		return nil, nil
	case s.TLSCert == "" || s.TLSKey == "":
		return nil, errors.New("TLS needs both --tls-cert and --tls-key")
	}
	return veche.LoadTLS(veche.TLSFiles{
		Cert: s.TLSCert, Key: s.TLSKey, ClientCA: s.TLSClientCA, ClientOptional: s.TLSClientAuth == "optional",
	}, log)
}

func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken by another program; choose another address with --listen", addr)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s may not be listened on by this user; choose a port above 1023 with --listen", addr)
	case err != nil:
		return nil, fmt.Errorf("--listen %s: %w", addr, err)
	}
	return l, nil
}
