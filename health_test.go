package veche

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http/httptest"
	"testing"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/store/memory"
)

func TestHealth(t *testing.T) {
	s := newServer(t)
	expect := func(path string, status int, want map[string]any) {
		t.Helper()
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		var got map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Error(err)
		}
		if w.Code != status || !maps.Equal(got, want) || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v, want %d %v", path, w.Code, got, status, want)
		}
	}
	alive := map[string]any{"alive": true, "version": Version()}

	expect("/healthz", 200, alive)
	expect("/readyz", 200, map[string]any{"ready": true})
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect("/healthz", 200, alive)
	expect("/readyz", 503, map[string]any{"ready": false, "why": "draining"})
}

func TestNotReadyWithoutStore(t *testing.T) {
	s := newServer(t)
	whole := s.hub
	s.hub = hub.New(hub.Config{Store: brokenStore{memory.New(nil)}})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
	if err := s.hub.Close(t.Context()); err != nil {
		t.Error(err)
	}
	s.hub = whole
	if want := `{"ready":false,"why":"store"}` + "\n"; w.Code != 503 || w.Body.String() != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// brokenStore has lost its disk.
type brokenStore struct{ hub.Store }

func (brokenStore) Room(context.Context, string) (hub.RoomState, error) {
	return hub.RoomState{}, errors.New("disk I/O error (10)")
}
