package veche

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/vechehq/veche/hub"
)

// readyPatience is how long the store may take to answer before the server is not ready.
const readyPatience = 2 * time.Second

// alive answers /healthz: the process runs and answers.
func (s *Server) alive(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"alive": true, "version": Version()})
}

// ready answers /readyz: clients may be sent here. 503 says why not: "draining" or "store".
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyPatience)
	defer cancel()
	err := s.hub.Ready(ctx)
	switch {
	case err == nil:
		answer(w, http.StatusOK, map[string]any{"ready": true})
	case errors.Is(err, hub.ErrDraining):
		answer(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "why": "draining"})
	default:
		s.log.Error("not ready: the store does not answer", "err", err)
		answer(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "why": "store"})
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
