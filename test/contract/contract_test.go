package contract

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/bus/local"
	"github.com/vechehq/veche/store/sqlite"
	"github.com/vechehq/veche/ws"
)

// cluster is the nodes that a test runs against.
type cluster struct {
	urls  []string
	token func(user string) string
}

// start starts nodes that share nothing but a store and a bus; or finds those that are there already.
func start(t *testing.T, n int) cluster {
	if urls := os.Getenv("VECHE_URLS"); urls != "" {
		return cluster{strings.Split(urls, ","), signer(t, []byte(os.Getenv("VECHE_TOKEN_SECRET")))}
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
	secret := auth.NewKey()
	c := cluster{token: signer(t, secret)}
	key := auth.NewKey()
	for range n {
		config := veche.Config{Store: store, Key: key, TokenSecret: secret, Log: slog.New(slog.DiscardHandler), Spread: 1}
		if n > 1 {
			config.Bus = bus
		}
		c.urls = append(c.urls, "http://"+serve(t, config))
	}
	return c
}

func serve(t *testing.T, config veche.Config) string {
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

// signer makes tokens as the user's own application does.
func signer(t *testing.T, secret []byte) func(string) string {
	a, err := auth.New(auth.Config{Key: auth.NewKey(), Secret: secret})
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

func TestContract(t *testing.T) {
	c := start(t, 1)
	for _, w := range Ways {
		play(t, w, c.urls[0], c, true)
	}
}

// Each request of a client reaches another node than the one before.
func TestContractWithoutStickiness(t *testing.T) {
	c := start(t, 2)
	base := RoundRobin(t, c.urls...)
	for _, w := range Ways {
		play(t, w, base, c, false)
	}
}

func TestContractOverHTTP2(t *testing.T) {
	lender := httptest.NewTLSServer(nil) // of a certificate
	defer lender.Close()
	cert, trust := lender.TLS.Certificates[0], lender.Client().Transport.(*http.Transport).TLSClientConfig
	secret := auth.NewKey()
	addr := serve(t, veche.Config{Data: t.TempDir(), TokenSecret: secret, Log: slog.New(slog.DiscardHandler), Spread: 1,
		TLS: &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}})
	o := ws.DialOptions{HTTP2: new(ws.HTTP2), TLSConfig: trust}
	w := Way{"websocket over HTTP/2", func(base, token string) Client { return newSocket(base, token, o) }}
	play(t, w, "https://"+addr, cluster{token: signer(t, secret)}, true)
}

func play(t *testing.T, w Way, base string, c cluster, one bool) {
	t.Run(w.Name, func(t *testing.T) {
		for _, s := range Load(t) {
			if s.InMemory() && !one {
				continue
			}
			t.Run(s.Name, func(t *testing.T) { Play(t, s, w, base, c.token) })
		}
	})
}
