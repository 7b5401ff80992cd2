package veche

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	s := newServer(t)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/", 200},
		{"HEAD", "/", 200},
		{"POST", "/", 405},
		{"GET", "/healthz", 200},
		{"HEAD", "/readyz", 200},
		{"POST", "/readyz", 405},
		{"GET", "/ws", 426},
		{"GET", "/raw/general", 426},
		{"POST", "/ws", 405},
		{"GET", "/nothing", 404},
		{"GET", "/assets/", 404},
		{"GET", "/embed.go", 404},
		{"GET", "/healthz/x", 404},
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, w.Code, c.status)
		}
		h := w.Header()
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s %s: headers %v", c.method, c.path, h)
		}
		if got, want := h.Get("Set-Cookie") != "", c.path == "/" && c.status == 200 || c.status == 426; got != want {
			t.Errorf("%s %s: cookie %q", c.method, c.path, h.Get("Set-Cookie"))
		}
	}
}

// The page is for everybody, also for those whose token has expired.
func TestPageWithBadToken(t *testing.T) {
	s := newServer(t)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "veche_token=expired")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 200 || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestConfigRefused(t *testing.T) {
	for words, c := range map[string]Config{
		"memory rooms": {InMemory: true, MemoryRooms: []string{"["}},
		"origins":      {InMemory: true, Origins: []string{"https://["}},
		"at least 16":  {InMemory: true, TokenSecret: []byte("short")},
		"larger than":  {InMemory: true, Limits: Limits{Body: 1 << 20}},
		"the data dir": {Data: "/dev/null/x"},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %q", err, words)
		}
	}
}
