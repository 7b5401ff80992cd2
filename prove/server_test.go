//go:build !windows

package prove

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// script starts one that says an address that is ready, and then does what it does.
func script(t *testing.T, ready int, does string) (s *server, died chan string, err error) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(ready) }))
	t.Cleanup(web.Close)
	died = make(chan string, 1)
	s = newServer([]string{"sh", "-c", fmt.Sprintf("trap 'exit 7' TERM; echo %s; %s", web.URL, does)}, t.TempDir(), "secret", func(why string) { died <- why })
	err = s.start()
	t.Cleanup(func() {
		if s.current() != nil {
			_ = s.kill()
		}
	})
	return s, died, err
}

// A server that ends by itself, though it was ready, is found out.
func TestAServerThatEndsByItself(t *testing.T) {
	s, died, err := script(t, http.StatusOK, "read line; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(s.current().input, "now\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case why := <-died:
		if !strings.Contains(why, "exit status 3") {
			t.Errorf("it is told as %q", why)
		}
	case <-time.After(20 * time.Second):
		t.Error("it ended and nobody noticed")
	}
	<-s.current().gone
}

func TestAServerThatDoesNotStart(t *testing.T) {
	if _, _, err := script(t, http.StatusServiceUnavailable, "read line"); err == nil || !strings.Contains(err.Error(), "not ready") {
		t.Errorf("not ready: %v", err)
	}
	s := newServer([]string{"sh", "-c", "echo no port >&2; exit 1"}, t.TempDir(), "secret", nil)
	if err := s.start(); err == nil || !strings.Contains(err.Error(), "no port") {
		t.Errorf("ended at once: %v", err)
	}
}

// A drain must end with exit code 0.
func TestAServerThatEndsWithAnError(t *testing.T) {
	s, died, err := script(t, http.StatusOK, "while :; do sleep 0.05; done")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.stop(); err == nil || !strings.Contains(err.Error(), "exit status 7") {
		t.Errorf("it ended with %v", err)
	}
	if len(died) > 0 {
		t.Errorf("it was asked to: %s", <-died)
	}
}
