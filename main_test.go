package veche

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newServer returns a server that keeps nothing and logs nowhere, closed with the test.
func newServer(t testing.TB, change ...func(*Config)) *Server {
	t.Helper()
	c := Config{InMemory: true, Log: slog.New(slog.DiscardHandler), Spread: 1}
	for _, f := range change {
		f(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error("Close:", err)
		}
	})
	return s
}

// serve serves on a free port of loopback until the server is closed, and returns the address.
func serve(t testing.TB, s *Server) string {
	t.Helper()
	return serveOn(t, s, func(l net.Listener) net.Listener { return l })
}

// bothDoors runs a story with WebSocket handshakes answered by the engine's own door, and by net/http,
// whose listener the door does not know.
func bothDoors(t *testing.T, f func(t *testing.T, serve func(testing.TB, *Server) string)) {
	t.Run("door", func(t *testing.T) { f(t, serve) })
	t.Run("net/http", func(t *testing.T) {
		f(t, func(t testing.TB, s *Server) string {
			t.Helper()
			return serveOn(t, s, func(l net.Listener) net.Listener { return struct{ net.Listener }{l} })
		})
	})
}

func serveOn(t testing.TB, s *Server, wrap func(net.Listener) net.Listener) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l = wrap(l)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error("Close:", err)
		}
		if err := <-served; err != nil {
			t.Error("Serve:", err)
		}
	})
	return addr
}

// get asks and returns the answer with its body, read to the end.
func get(t testing.TB, c *http.Client, url string) (*http.Response, string) {
	t.Helper()
	res, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}
