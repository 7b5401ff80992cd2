package engineio

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/engineio"
)

// ServeHTTP serves one request of a client.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.cors(w, r) {
		s.refuse(w, r, wire.Forbidden)
		return
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if r.Method == http.MethodGet && r.ContentLength != 0 {
		// A body that never comes would hold a poll, which has no deadline for reading, for ever.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
		if r.ProtoMajor == 1 { // of HTTP/2 others have it too
			w.Header().Set("Connection", "close")
		}
		s.refuse(w, r, wire.BadRequest)
		return
	}
	q := r.URL.Query()
	c, refusal := s.verify(r, q)
	switch {
	case refusal == wire.UnknownSession:
		s.elsewhere(w, r, q.Get("sid"), q.Get("transport"))
	case refusal != nil:
		s.refuse(w, r, refusal)
	case c == nil:
		s.handshake(w, r, q.Get("transport"))
	case q.Get("transport") == WebSocket:
		s.probe(w, r, c)
	case r.Method == http.MethodGet:
		c.servePoll(w, r)
	default:
		c.servePost(w, r)
	}
}

// cors tells browsers whether pages of the request's origin may read the answer, and reports whether it is one
// that is served at all.
func (s *Server) cors(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	h.Add("Vary", "Origin")
	if !transport.OriginAllowed(r, s.options.OriginPatterns) {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		h.Set("Access-Control-Max-Age", "600")
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			h.Set("Access-Control-Allow-Headers", asked)
		}
	}
	return true
}

// verify judges a request, and finds its connection: nil for a handshake.
func (s *Server) verify(r *http.Request, q url.Values) (*Conn, *wire.Refusal) {
	t, sid := q.Get("transport"), q.Get("sid")
	upgrade := upgrades(r)
	if !slices.Contains(s.options.Transports, t) {
		return nil, wire.UnknownTransport
	}
	if sid == "" {
		return nil, s.verifyHandshake(r, q, t == WebSocket && !upgrade)
	}
	c := s.find(sid)
	switch {
	case c == nil || c.expired():
		return nil, wire.UnknownSession
	case q.Get("EIO") != wire.Version:
		return nil, wire.BadRequest
	case t == WebSocket && !upgrade:
		return nil, wire.BadRequest
	case t == Polling && (upgrade || c.upgraded()):
		return nil, wire.BadRequest
	case t == Polling && r.Method != http.MethodGet && r.Method != http.MethodPost:
		return nil, wire.BadRequest
	}
	return c, nil
}

// upgrades reports whether a request asks for a WebSocket.
func upgrades(r *http.Request) bool {
	return r.Header.Get("Upgrade") != "" || r.ProtoMajor == 2 && r.Method == http.MethodConnect
}

func (s *Server) verifyHandshake(r *http.Request, q url.Values, notWebSocket bool) *wire.Refusal {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodConnect:
		return wire.BadHandshakeMethod
	case notWebSocket:
		return wire.BadRequest
	case q.Get("EIO") != wire.Version:
		return wire.UnsupportedVersion
	}
	return nil
}

// refuse answers a request that is not served.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, why *wire.Refusal) {
	if _, relayed := w.(*record); s.options.Refused != nil && !relayed {
		s.options.Refused(r, why.Code, why.Message)
	}
	status := http.StatusBadRequest
	if why.Code == wire.Forbidden.Code {
		status = http.StatusForbidden
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(why.Append(nil)) // the client may be gone
}

// handshake opens a connection.
func (s *Server) handshake(w http.ResponseWriter, r *http.Request, t string) {
	c := s.newConn(t)
	h, err := s.open(c, r, w.Header())
	if err != nil {
		s.refuse(w, r, &wire.Refusal{Code: wire.Forbidden.Code, Message: err.Error()})
		return
	}
	c.handler = h
	c.begin()
	if !s.add(c) {
		c.fail(ErrShutdown)
		c.abandon()
		s.refuse(w, r, wire.Forbidden)
		return
	}
	if s.options.Cookie != "" {
		http.SetCookie(w, &http.Cookie{Name: s.options.Cookie, Value: c.ID(), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	if t == Polling {
		c.servePoll(w, r)
		return
	}
	opened := false
	s.sockets.Serve(w, r, nil, func(p transport.Pipe) transport.Handler {
		opened = true
		c.attach(p)
		return (*socket)(c)
	})
	if !opened {
		c.fail(ErrTransport)
		c.abandon()
	}
}

// probe lets a WebSocket try to take over a connection that polls. One that may not is closed when it is open, since
// browsers cannot read a refusal.
func (s *Server) probe(w http.ResponseWriter, r *http.Request, c *Conn) {
	if !c.upgradable() {
		s.sockets.Serve(w, r, nil, func(pipe transport.Pipe) transport.Handler { return &unwanted{pipe} })
		return
	}
	opened := false
	s.sockets.Serve(w, r, nil, func(pipe transport.Pipe) transport.Handler {
		opened = true
		return c.try(pipe)
	})
	if !opened {
		c.giveUp(nil)
	}
}
