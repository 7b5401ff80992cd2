// The nodes that a test runs against.

package contract

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/bus/local"
	"github.com/vechehq/veche/store/sqlite"
)

// Cluster is nodes, any of which a client may talk to at any time.
type Cluster struct {
	URLs   []string
	Secret []byte // signs users' tokens
}

// Start starts n nodes that share nothing but a store, a bus and a key. With VECHE_URLS, several base URLs with
// commas between them, it starts none: they are those that are there already, whatever they share, and
// VECHE_TOKEN_SECRET is theirs.
func Start(t testing.TB, n int) Cluster {
	t.Helper()
	if urls := os.Getenv("VECHE_URLS"); urls != "" {
		c := Cluster{URLs: strings.Split(urls, ","), Secret: []byte(os.Getenv("VECHE_TOKEN_SECRET"))}
		if len(c.URLs) < n {
			t.Fatalf("VECHE_URLS has %d nodes, and the test needs %d", len(c.URLs), n)
		}
		return c
	}
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "veche.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	bus := local.New(nil)
	t.Cleanup(func() {
		_ = bus.Close(context.Background())
		_ = store.Close(context.Background())
	})
	c := Cluster{Secret: []byte(rand.Text())}
	config := veche.Config{Store: store, Key: auth.NewKey(), TokenSecret: c.Secret, Log: slog.New(slog.DiscardHandler), Spread: 1}
	if n > 1 {
		config.Bus = bus
	}
	for range n {
		c.URLs = append(c.URLs, "http://"+serve(t, config))
	}
	return c
}

func serve(t testing.TB, config veche.Config) string {
	s, err := veche.New(config)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// Tokens makes users' tokens as their own application does.
func (c *Cluster) Tokens(t testing.TB) func(user string) string {
	t.Helper()
	a, err := auth.New(auth.Config{Key: auth.NewKey(), Secret: c.Secret})
	if err != nil {
		t.Fatal(err)
	}
	return func(user string) string {
		token, err := a.Sign(veche.User{ID: user, Name: strings.ToUpper(user)})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
}
