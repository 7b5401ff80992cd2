package veche

import (
	"net/http"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
)

// preflightAge is for how long a browser may remember what it was told, in seconds: as long as any does.
const preflightAge = "7200"

// shared lets pages of the server's own origin and of Config.Origins at a door, and nobody else's: a
// browser would send the user's cookies along, whatever page asks. It speaks CORS (WHATWG Fetch,
// section 3.2) to those that may. The door has one method; HEAD is another, whose answer might not end.
func (s *Server) shared(method string, door http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		if !transport.OriginAllowed(r, s.config.Origins) {
			s.refuse(w, r, &Error{Code: hub.CodeForbidden, Message: "pages of this origin are not allowed here"})
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Access-Control-Expose-Headers", "Retry-After")
		}
		if r.Method == method {
			door(w, r)
			return
		}
		h.Set("Allow", method+", OPTIONS")
		switch r.Method {
		case http.MethodOptions:
			preflight(w)
		default:
			_, answer := refusal(&Error{Code: hub.CodeBadRequest, Message: "this door takes " + method})
			s.reply(w, r, http.StatusMethodNotAllowed, transport.Answer{answer})
		}
	}
}

// preflight answers a browser that asks whether a page may ask.
func preflight(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Cache-Control, Content-Type, Last-Event-ID")
	h.Set("Access-Control-Max-Age", preflightAge)
	w.WriteHeader(http.StatusNoContent)
}
