package veche

import (
	"log/slog"
	"net/http"
	"path"
	"time"

	"github.com/vechehq/veche/gateway/native"
	"github.com/vechehq/veche/gateway/raw"
	"github.com/vechehq/veche/transport"
	"github.com/vechehq/veche/web"
)

// mux leads requests to their doors.
func (s *Server) mux() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /healthz", s.alive)
	m.HandleFunc("GET /readyz", s.ready)
	s.socket(m, "/ws", s.speakNative)
	s.socket(m, "/raw/{room...}", s.speakRaw)
	m.HandleFunc("/events", s.shared(http.MethodGet, s.events))
	m.HandleFunc("/poll", s.shared(http.MethodGet, s.poll))
	m.HandleFunc("/send", s.shared(http.MethodPost, s.post))
	for _, path := range []string{"/socket.io", "/socket.io/{$}"} {
		m.HandleFunc(path, s.speakSocketIO)
	}
	m.HandleFunc("GET /{$}", s.page)
	m.Handle("/", web.Handler())
	return guarded(bodiless(m))
}

// socket leads WebSockets to a door: the upgrades of HTTP/1.1, and the extended CONNECTs of HTTP/2
// (RFC 8441). A path that is not clean is redirected for the former, and is nowhere for the latter, whose
// paths the mux takes as they are.
func (s *Server) socket(m *http.ServeMux, pattern string, speak http.HandlerFunc) {
	door := func(w http.ResponseWriter, r *http.Request) {
		s.log.LogAttrs(r.Context(), slog.LevelDebug, "websocket",
			slog.String("path", r.URL.Path), slog.String("proto", r.Proto), slog.String("remote", r.RemoteAddr))
		speak(w, r)
	}
	m.HandleFunc("GET "+pattern, door)
	m.HandleFunc("CONNECT "+pattern, func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.EscapedPath(); p != path.Clean(p) {
			http.NotFound(w, r)
			return
		}
		door(w, r)
	})
}

// speakNative opens the native protocol to a WebSocket. A bad credential is told in it, since browsers
// cannot read the status of a refused upgrade.
func (s *Server) speakNative(w http.ResponseWriter, r *http.Request) {
	u, err := s.auth.Request(r, w.Header())
	s.sockets.Serve(w, r, native.Protocol, func(p transport.Pipe) transport.Handler {
		return s.native.Open(p, native.Visit{User: u, Err: err, Query: r.URL.Query()})
	})
}

// speakRaw opens a room to a WebSocket without a protocol.
func (s *Server) speakRaw(w http.ResponseWriter, r *http.Request) {
	u, err := s.auth.Request(r, w.Header())
	s.sockets.Serve(w, r, raw.Protocol, func(p transport.Pipe) transport.Handler {
		return s.raw.Open(p, raw.Visit{User: u, Err: err, Room: r.PathValue("room"), Query: r.URL.Query()})
	})
}

// page serves the chat. Whoever comes first is given a guest's cookie with it, so that all tabs of a
// browser are the same guest. A bad credential is the doors' to refuse: the page is for everybody.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	_, _ = s.auth.Request(r, w.Header())
	web.Handler().ServeHTTP(w, r)
}

// guarded sets the headers that every answer has; the page's own are stricter where they need be.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// bodiless refuses a GET or HEAD with a body, which means nothing (RFC 9110, 9.3.1), without waiting for it.
// net/http reads what a handler has left of a body before it answers, and doors that wait for something
// to say have no deadline for reading: a body that never comes would hold them for ever.
func bodiless(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 || r.Method != http.MethodGet && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
		last(w, r)
		http.Error(w, "a "+r.Method+" has no body", http.StatusBadRequest)
	})
}

// last makes a request the last of its connection, whose bytes are out of step. Over HTTP/2 they cannot be, and
// others share the connection.
func last(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
	}
}
