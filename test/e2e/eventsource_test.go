package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/vechehq/veche/test/harness"
)

// A plain EventSource of Chromium goes on by itself where it was, through kills and drains of the server, on the
// server's own pages and on those of an origin that is let in; where it is refused it stops.
func TestEventSource(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>Somebody's page</title>")
	})
	friend, stranger := httptest.NewServer(page), httptest.NewServer(page)
	defer friend.Close()
	defer stranger.Close()
	s := harness.Start(t, "--origin", friend.URL, "--drain", "2s")
	t.Setenv("BASE", s.HTTP("/"))
	t.Setenv("CONTROL", s.Control())
	t.Setenv("FRIEND", friend.URL)
	t.Setenv("STRANGER", stranger.URL)
	t.Log(harness.Script(t, "node", "--test", "--test-reporter=spec", "eventsource.mjs"))
}
